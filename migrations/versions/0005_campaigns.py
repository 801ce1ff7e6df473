"""campaigns

Revision: 0005, after 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
ACTIVE = sa.text("status IN ('pending', 'approved')")
OF_CAMPAIGN = sa.text("campaign_id IS NOT NULL")
ON_BOARD = sa.text("status IN ('active', 'completed', 'failed')")


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("circle_id", BIGINT, nullable=False),
        sa.Column("created_by", BIGINT, nullable=False),
        sa.Column("topic_id", BIGINT, nullable=True),
        sa.Column("cover_id", BIGINT, nullable=True),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("intro", sa.Text(), nullable=False),
        sa.Column("intro_html", sa.Text(), nullable=False),
        sa.Column("prompts", JSON, nullable=False),
        sa.Column("cadence", sa.String(length=16), nullable=False),
        sa.Column("tz", sa.String(length=64), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=False),
        sa.Column("win_start_min", BIGINT, nullable=False),
        sa.Column("win_end_min", BIGINT, nullable=False),
        sa.Column("min_len", BIGINT, nullable=False),
        sa.Column("min_images", BIGINT, nullable=False),
        sa.Column("audio", sa.Boolean(), nullable=False),
        sa.Column("review", sa.String(length=16), nullable=False),
        sa.Column("need_type", sa.String(length=16), nullable=False),
        sa.Column("need_n", BIGINT, nullable=False),
        sa.Column("free_cards", BIGINT, nullable=False),
        sa.Column("card_price", BIGINT, nullable=False),
        sa.Column("card_limit", BIGINT, nullable=False),
        sa.Column("lookback", BIGINT, nullable=False),
        sa.Column("late_join_until", sa.Date(), nullable=True),
        sa.Column("level_min", BIGINT, nullable=False),
        sa.Column("reward_points", BIGINT, nullable=False),
        sa.Column("reward_growth", BIGINT, nullable=False),
        sa.Column("teams", sa.Boolean(), nullable=False),
        sa.Column("team_points", BIGINT, nullable=False),
        sa.Column("team_growth", BIGINT, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period_count", BIGINT, nullable=False),
        sa.Column("excused", JSON, nullable=False),
        sa.Column("unexcused", JSON, nullable=False),
        sa.Column("enrolled_count", BIGINT, nullable=False),
        sa.Column("completed_count", BIGINT, nullable=True),
        sa.Column("settle_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewers_told_on", sa.Date(), nullable=True),
        sa.Column("cancel_reason", sa.String(length=300), nullable=False),
        sa.Column("version", BIGINT, nullable=False),
        sa.Column("id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cadence IN ('daily', 'weekly')", name=op.f("ck_campaigns_cadence_v1")),
        sa.CheckConstraint("need_type IN ('count', 'streak', 'all')", name=op.f("ck_campaigns_need_type_v1")),
        sa.CheckConstraint("review IN ('auto', 'manual')", name=op.f("ck_campaigns_review_v1")),
        sa.CheckConstraint("status = 'draft' OR published_at IS NOT NULL", name=op.f("ck_campaigns_published_v1")),
        sa.CheckConstraint(
            "status IN ('draft', 'published', 'settling', 'closed', 'cancelled')", name=op.f("ck_campaigns_status_v1")
        ),
        sa.CheckConstraint("enrolled_count >= 0", name=op.f("ck_campaigns_enrolled_v1")),
        sa.CheckConstraint("completed_count >= 0", name=op.f("ck_campaigns_completed_v1")),
        sa.CheckConstraint(
            "free_cards >= 0 AND card_price >= 0 AND card_limit >= 0 AND lookback >= 0",
            name=op.f("ck_campaigns_makeup_v1"),
        ),
        sa.CheckConstraint("min_len >= 0 AND min_images >= 0", name=op.f("ck_campaigns_content_v1")),
        sa.CheckConstraint("need_n >= 1", name=op.f("ck_campaigns_need_v1")),
        sa.CheckConstraint(
            "reward_points >= 0 AND reward_growth >= 0 AND team_points >= 0 AND team_growth >= 0",
            name=op.f("ck_campaigns_reward_v1"),
        ),
        sa.CheckConstraint("start_date <= end_date", name=op.f("ck_campaigns_dates_v1")),
        sa.CheckConstraint(
            "win_start_min >= 0 AND win_start_min < 1440 AND win_start_min < win_end_min "
            "AND win_end_min <= win_start_min + 1440",
            name=op.f("ck_campaigns_window_v1"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circles.id"], name=op.f("fk_campaigns_circle_id_circles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["cover_id"], ["media.id"], name=op.f("fk_campaigns_cover_id_media")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_campaigns_created_by_users")),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topics.id"], name=op.f("fk_campaigns_topic_id_topics"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_campaigns_circle_id_status_opens_at_id"),
            ["circle_id", "status", "opens_at", "id"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_campaigns_cover_id"), ["cover_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_campaigns_status_settle_at"), ["status", "settle_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_campaigns_topic_id"), ["topic_id"], unique=False)

    op.create_table(
        "topic_ranks",
        sa.Column("topic_id", BIGINT, nullable=False),
        sa.Column("week", sa.String(length=16), nullable=False),
        sa.Column("rank", BIGINT, autoincrement=False, nullable=False),
        sa.Column("user_id", BIGINT, nullable=False),
        sa.Column("score", BIGINT, nullable=False),
        sa.Column("post_count", BIGINT, nullable=False),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topics.id"], name=op.f("fk_topic_ranks_topic_id_topics"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_topic_ranks_user_id_users")),
        sa.PrimaryKeyConstraint("topic_id", "week", "rank", name=op.f("pk_topic_ranks")),
        sa.UniqueConstraint("topic_id", "week", "user_id", name=op.f("uq_topic_ranks_topic_id_week_user_id")),
    )
    op.create_table(
        "topic_weeks",
        sa.Column("topic_id", BIGINT, nullable=False),
        sa.Column("week", sa.String(length=16), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topics.id"], name=op.f("fk_topic_weeks_topic_id_topics"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("topic_id", "week", name=op.f("pk_topic_weeks")),
    )
    op.create_table(
        "campaign_periods",
        sa.Column("campaign_id", BIGINT, nullable=False),
        sa.Column("idx", BIGINT, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_campaign_periods_window_v1")),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_campaign_periods_campaign_id_campaigns"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", "idx", name=op.f("pk_campaign_periods")),
    )
    with op.batch_alter_table("campaign_periods", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_periods_closes_at"), ["closes_at"], unique=False)

    op.create_table(
        "campaign_ranks",
        sa.Column("campaign_id", BIGINT, nullable=False),
        sa.Column("board", sa.String(length=16), nullable=False),
        sa.Column("rank", BIGINT, autoincrement=False, nullable=False),
        sa.Column("user_id", BIGINT, nullable=False),
        sa.Column("subject_id", BIGINT, nullable=True),
        sa.Column("snapshot", JSON, nullable=False),
        sa.CheckConstraint("board IN ('diligence', 'quality', 'team')", name=op.f("ck_campaign_ranks_board_v1")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_ranks_campaign_id_campaigns"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_campaign_ranks_user_id_users")),
        sa.PrimaryKeyConstraint("campaign_id", "board", "rank", name=op.f("pk_campaign_ranks")),
    )
    with op.batch_alter_table("campaign_ranks", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_campaign_ranks_campaign_id_user_id"), ["campaign_id", "user_id"], unique=False
        )

    op.create_table(
        "checkin_teams",
        sa.Column("campaign_id", BIGINT, nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("captain_id", BIGINT, nullable=False),
        sa.Column("member_count", BIGINT, nullable=False),
        sa.Column("frozen_size", BIGINT, nullable=True),
        sa.Column("done", BIGINT, nullable=False),
        sa.Column("merit", BIGINT, nullable=False),
        sa.Column("completed", sa.Boolean(), nullable=True),
        sa.Column("id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("member_count >= 0 AND member_count <= 10", name=op.f("ck_checkin_teams_members_v1")),
        sa.CheckConstraint("done >= 0 AND merit >= 0", name=op.f("ck_checkin_teams_days_v1")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_checkin_teams_campaign_id_campaigns"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["captain_id"], ["users.id"], name=op.f("fk_checkin_teams_captain_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkin_teams")),
        sa.UniqueConstraint("campaign_id", "name", name=op.f("uq_checkin_teams_campaign_id_name")),
    )
    op.create_table(
        "enrollments",
        sa.Column("circle_id", BIGINT, nullable=False),
        sa.Column("campaign_id", BIGINT, nullable=False),
        sa.Column("user_id", BIGINT, nullable=False),
        sa.Column("team_id", BIGINT, nullable=True),
        sa.Column("teamed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_idx", BIGINT, nullable=False),
        sa.Column("done", BIGINT, nullable=False),
        sa.Column("on_time", BIGINT, nullable=False),
        sa.Column("best_streak", BIGINT, nullable=False),
        sa.Column("likes", BIGINT, nullable=False),
        sa.Column("lateness_s", BIGINT, nullable=False),
        sa.Column("merit", BIGINT, nullable=False),
        sa.Column("board_key", BIGINT, nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('active', 'completed', 'failed', 'withdrawn', 'disqualified')",
            name=op.f("ck_enrollments_status_v1"),
        ),
        sa.CheckConstraint(
            "done >= on_time AND on_time >= 0 AND best_streak <= done", name=op.f("ck_enrollments_days_v1")
        ),
        sa.CheckConstraint("board_key = -merit", name=op.f("ck_enrollments_board_v1")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_enrollments_campaign_id_campaigns"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circles.id"], name=op.f("fk_enrollments_circle_id_circles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["checkin_teams.id"], name=op.f("fk_enrollments_team_id_checkin_teams"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_enrollments_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollments")),
        sa.UniqueConstraint("campaign_id", "user_id", name=op.f("uq_enrollments_campaign_id_user_id")),
    )
    with op.batch_alter_table("enrollments", schema=None) as batch_op:
        batch_op.create_index(
            "ix_enrollments_board",
            ["campaign_id", "board_key", "id", "status"],
            unique=False,
            sqlite_where=ON_BOARD,
            postgresql_where=ON_BOARD,
        )
        batch_op.create_index(
            batch_op.f("ix_enrollments_campaign_id_settled_at_id"), ["campaign_id", "settled_at", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_enrollments_team_id"), ["team_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_enrollments_user_id_status_campaign_id"), ["user_id", "status", "campaign_id"], unique=False
        )

    op.create_table(
        "checkin_records",
        sa.Column("circle_id", BIGINT, nullable=False),
        sa.Column("campaign_id", BIGINT, nullable=False),
        sa.Column("enrollment_id", BIGINT, nullable=False),
        sa.Column("user_id", BIGINT, nullable=False),
        sa.Column("idx", BIGINT, nullable=False),
        sa.Column("post_id", BIGINT, nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("voided_from", sa.String(length=16), nullable=True),
        sa.Column("card_returned", sa.Boolean(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", BIGINT, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("engagement", BIGINT, nullable=False),
        sa.Column("quality_key", BIGINT, sa.Computed("-engagement", persisted=True), nullable=False),
        sa.Column("id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source = 'admin' OR post_id IS NOT NULL", name=op.f("ck_checkin_records_post_v1")),
        sa.CheckConstraint("source IN ('normal', 'makeup', 'admin')", name=op.f("ck_checkin_records_source_v1")),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'rejected', 'void')", name=op.f("ck_checkin_records_status_v1")
        ),
        sa.CheckConstraint("voided_from IN ('pending', 'approved')", name=op.f("ck_checkin_records_voided_from_v1")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_checkin_records_campaign_id_campaigns"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circles.id"], name=op.f("fk_checkin_records_circle_id_circles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_checkin_records_decided_by_users")),
        sa.ForeignKeyConstraint(
            ["enrollment_id"],
            ["enrollments.id"],
            name=op.f("fk_checkin_records_enrollment_id_enrollments"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_checkin_records_post_id_posts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_checkin_records_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkin_records")),
        sa.UniqueConstraint("post_id", name=op.f("uq_checkin_records_post_id")),
    )
    with op.batch_alter_table("checkin_records", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_checkin_records_enrollment_id_idx"), ["enrollment_id", "idx"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_checkin_records_campaign_id_idx_status"), ["campaign_id", "idx", "status"], unique=False
        )
        batch_op.create_index(
            "ix_checkin_records_quality",
            ["campaign_id", "status", "quality_key", "post_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_checkin_records_campaign_id_status_id"), ["campaign_id", "status", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_checkin_records_user_id_id"), ["user_id", "id"], unique=False)
        batch_op.create_index(
            "uq_checkin_records_one_each",
            ["enrollment_id", "idx"],
            unique=True,
            sqlite_where=ACTIVE,
            postgresql_where=ACTIVE,
        )

    op.create_table(
        "makeup_cards",
        sa.Column("enrollment_id", BIGINT, nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("used_record_id", BIGINT, nullable=True),
        sa.Column("txn_id", BIGINT, nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("circle_id", BIGINT, nullable=True),
        sa.Column("user_id", BIGINT, nullable=True),
        sa.Column("month", sa.String(length=16), nullable=True),
        sa.Column("nth", BIGINT, nullable=True),
        sa.Column("id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "source = 'level' AND state = 'used' AND circle_id IS NOT NULL AND user_id IS NOT NULL "
            "AND month IS NOT NULL AND nth >= 1 OR source <> 'level' AND circle_id IS NULL AND user_id IS NULL "
            "AND month IS NULL AND nth IS NULL",
            name=op.f("ck_makeup_cards_level_v1"),
        ),
        sa.CheckConstraint("(state = 'used') = (used_record_id IS NOT NULL)", name=op.f("ck_makeup_cards_used_v1")),
        sa.CheckConstraint("source IN ('free', 'bought', 'given', 'level')", name=op.f("ck_makeup_cards_source_v1")),
        sa.CheckConstraint("state IN ('available', 'used', 'expired')", name=op.f("ck_makeup_cards_state_v1")),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circles.id"], name=op.f("fk_makeup_cards_circle_id_circles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_makeup_cards_user_id_users")),
        sa.ForeignKeyConstraint(
            ["enrollment_id"],
            ["enrollments.id"],
            name=op.f("fk_makeup_cards_enrollment_id_enrollments"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["txn_id"], ["ledger_txns.id"], name=op.f("fk_makeup_cards_txn_id_ledger_txns")),
        sa.ForeignKeyConstraint(
            ["used_record_id"], ["checkin_records.id"], name=op.f("fk_makeup_cards_used_record_id_checkin_records")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_makeup_cards")),
        sa.UniqueConstraint("used_record_id", name=op.f("uq_makeup_cards_used_record_id")),
        sa.UniqueConstraint(
            "circle_id", "user_id", "month", "nth", name=op.f("uq_makeup_cards_circle_id_user_id_month_nth")
        ),
    )
    with op.batch_alter_table("makeup_cards", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_makeup_cards_enrollment_id_state"), ["enrollment_id", "state"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_makeup_cards_state_expires_at"), ["state", "expires_at"], unique=False)

    with op.batch_alter_table("circles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("campaigns_until", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("campaign_id", BIGINT, nullable=True))
        batch_op.create_index(
            "ix_notices_campaign",
            ["campaign_id", "kind", "user_id"],
            unique=False,
            sqlite_where=OF_CAMPAIGN,
            postgresql_where=OF_CAMPAIGN,
        )


def downgrade() -> None:
    # what is told of campaigns leads nowhere without them
    op.execute("DELETE FROM notices WHERE campaign_id IS NOT NULL")
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index("ix_notices_campaign", sqlite_where=OF_CAMPAIGN, postgresql_where=OF_CAMPAIGN)
        batch_op.drop_column("campaign_id")

    with op.batch_alter_table("circles", schema=None) as batch_op:
        batch_op.drop_column("campaigns_until")

    with op.batch_alter_table("makeup_cards", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_makeup_cards_state_expires_at"))
        batch_op.drop_index(batch_op.f("ix_makeup_cards_enrollment_id_state"))

    op.drop_table("makeup_cards")
    with op.batch_alter_table("checkin_records", schema=None) as batch_op:
        batch_op.drop_index("uq_checkin_records_one_each", sqlite_where=ACTIVE, postgresql_where=ACTIVE)
        batch_op.drop_index(batch_op.f("ix_checkin_records_user_id_id"))
        batch_op.drop_index(batch_op.f("ix_checkin_records_campaign_id_status_id"))
        batch_op.drop_index("ix_checkin_records_quality")
        batch_op.drop_index(batch_op.f("ix_checkin_records_campaign_id_idx_status"))
        batch_op.drop_index(batch_op.f("ix_checkin_records_enrollment_id_idx"))

    op.drop_table("checkin_records")
    with op.batch_alter_table("enrollments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enrollments_user_id_status_campaign_id"))
        batch_op.drop_index(batch_op.f("ix_enrollments_team_id"))
        batch_op.drop_index(batch_op.f("ix_enrollments_campaign_id_settled_at_id"))
        batch_op.drop_index("ix_enrollments_board", sqlite_where=ON_BOARD, postgresql_where=ON_BOARD)

    op.drop_table("enrollments")
    op.drop_table("checkin_teams")
    with op.batch_alter_table("campaign_ranks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaign_ranks_campaign_id_user_id"))

    op.drop_table("campaign_ranks")
    with op.batch_alter_table("campaign_periods", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaign_periods_closes_at"))

    op.drop_table("campaign_periods")
    op.drop_table("topic_weeks")
    op.drop_table("topic_ranks")
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaigns_topic_id"))
        batch_op.drop_index(batch_op.f("ix_campaigns_status_settle_at"))
        batch_op.drop_index(batch_op.f("ix_campaigns_cover_id"))
        batch_op.drop_index(batch_op.f("ix_campaigns_circle_id_status_opens_at_id"))

    op.drop_table("campaigns")
