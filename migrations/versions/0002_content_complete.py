"""content complete

Revision: 0002, after 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_MEDIA = ("id", "kind", "width", "height", "bytes", "name", "mime")


def _fill_parts() -> None:
    """Copy pictures and topics of every post into its own row, where lists read them from now on."""
    connection = op.get_bind()
    posts = sa.table("posts", sa.column("id", sa.BigInteger), sa.column("parts", JSON))
    found: dict[int, dict[str, list[object]]] = {}
    media = sa.text(
        "SELECT pm.post_id, pm.alt, m.id, m.kind, m.width, m.height, m.bytes, m.name, m.mime FROM post_media pm "
        "JOIN media m ON m.id = pm.media_id ORDER BY pm.post_id, pm.position"
    )
    for row in connection.execute(media).mappings():
        made = {**{name: row[name] for name in _MEDIA}, "duration_ms": None, "wave": "", "alt": row["alt"]}
        found.setdefault(row["post_id"], {"media": [], "topics": []})["media"].append(made)
    for post_id, topic_id in connection.execute(
        sa.text("SELECT post_id, topic_id FROM topic_posts ORDER BY post_id, topic_id")
    ):
        found.setdefault(post_id, {"media": [], "topics": []})["topics"].append(topic_id)
    for post_id, parts in found.items():
        connection.execute(posts.update().where(posts.c.id == post_id).values(parts=parts))


def _fill_peeks() -> None:
    op.execute(
        "UPDATE posts SET peek_id = (SELECT c.id FROM comments c WHERE c.post_id = posts.id AND c.parent_id IS NULL "
        "AND c.status = 'published' ORDER BY c.like_count DESC, c.id LIMIT 1) WHERE comment_count > 0"
    )


def upgrade() -> None:
    op.create_table(
        "blocks",
        sa.Column("blocker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("blocked_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["blocked_id"], ["users.id"], name=op.f("fk_blocks_blocked_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["blocker_id"], ["users.id"], name=op.f("fk_blocks_blocker_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("blocker_id", "blocked_id", name=op.f("pk_blocks")),
    )
    with op.batch_alter_table("blocks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_blocks_blocked_id_blocker_id"), ["blocked_id", "blocker_id"], unique=False)

    op.create_table(
        "consents",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("doc", sa.String(length=16), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_consents_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "doc", "version", name=op.f("pk_consents")),
    )
    op.create_table(
        "former_names",
        sa.Column("username_key", sa.String(length=80), nullable=False),
        sa.Column("username", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_former_names_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("username_key", name=op.f("pk_former_names")),
    )
    with op.batch_alter_table("former_names", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_former_names_user_id_created_at"), ["user_id", "created_at"], unique=False)

    op.create_table(
        "mail_codes",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("counted_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("purpose IN ('reset', 'confirm')", name=op.f("ck_mail_codes_purpose_v1")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_mail_codes_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "purpose", name=op.f("pk_mail_codes")),
        sa.UniqueConstraint("sha256", name=op.f("uq_mail_codes_sha256")),
    )
    with op.batch_alter_table("mail_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mail_codes_email"), ["email"], unique=False)

    op.create_table(
        "mentions",
        sa.Column("target_type", sa.String(length=8), nullable=False),
        sa.Column(
            "target_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("written", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("target_type IN ('post', 'comment')", name=op.f("ck_mentions_target_type_v1")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mentions_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("target_type", "target_id", "user_id", name=op.f("pk_mentions")),
    )
    with op.batch_alter_table("mentions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mentions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "notice_settings",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("inbox", sa.Boolean(), nullable=False),
        sa.Column("mail", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notice_settings_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "category", name=op.f("pk_notice_settings")),
    )
    op.create_table(
        "takeouts",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("storage_key", sa.String(length=96), nullable=True),
        sa.Column("bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('waiting', 'ready', 'failed', 'expired')", name=op.f("ck_takeouts_status_v1")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_takeouts_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_takeouts")),
    )
    with op.batch_alter_table("takeouts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_takeouts_user_id_id"), ["user_id", "id"], unique=False)

    op.create_table(
        "drafts",
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("circle_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("extra", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("publish_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=300), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_drafts_author_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circles.id"], name=op.f("fk_drafts_circle_id_circles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
    )
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_drafts_author_id_updated_at_id"), ["author_id", "updated_at", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_drafts_publish_at"), ["publish_at"], unique=False)

    op.create_table(
        "draft_media",
        sa.Column("draft_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("media_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alt", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["drafts.id"], name=op.f("fk_draft_media_draft_id_drafts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_draft_media_media_id_media")),
        sa.PrimaryKeyConstraint("draft_id", "position", name=op.f("pk_draft_media")),
    )
    with op.batch_alter_table("draft_media", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draft_media_media_id"), ["media_id"], unique=False)

    op.create_table(
        "favorites",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_favorites_post_id_posts"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_favorites_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", "user_id", name=op.f("pk_favorites")),
    )
    with op.batch_alter_table("favorites", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_favorites_user_id_created_at_post_id"), ["user_id", "created_at", "post_id"], unique=False
        )

    op.create_table(
        "notice_people",
        sa.Column("notice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_notice_people_notice_id_notices"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notice_people_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("notice_id", "user_id", name=op.f("pk_notice_people")),
    )
    with op.batch_alter_table("notice_people", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_people_user_id"), ["user_id"], unique=False)

    op.create_table(
        "notice_posts",
        sa.Column("notice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_notice_posts_notice_id_notices"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("notice_id", "post_id", name=op.f("pk_notice_posts")),
    )
    with op.batch_alter_table("notice_posts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_posts_post_id"), ["post_id"], unique=False)

    op.create_table(
        "polls",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("question", sa.String(length=120), nullable=False),
        sa.Column("max_choices", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("results", sa.String(length=8), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voter_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("results IN ('always', 'voted', 'closed')", name=op.f("ck_polls_results_v1")),
        sa.CheckConstraint("max_choices >= 1", name=op.f("ck_polls_max_choices_v1")),
        sa.CheckConstraint("voter_count >= 0", name=op.f("ck_polls_voters_v1")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_polls_post_id_posts"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_polls")),
    )
    op.create_table(
        "revisions",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_revisions_post_id_posts"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
        sa.UniqueConstraint("post_id", "version", name=op.f("uq_revisions_post_id_version")),
    )
    op.create_table(
        "poll_options",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.String(length=60), nullable=False),
        sa.Column("vote_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("vote_count >= 0", name=op.f("ck_poll_options_votes_v1")),
        sa.ForeignKeyConstraint(
            ["post_id"], ["polls.post_id"], name=op.f("fk_poll_options_post_id_polls"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_options")),
        sa.UniqueConstraint("post_id", "position", name=op.f("uq_poll_options_post_id_position")),
    )
    op.create_table(
        "poll_votes",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("option_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["option_id"], ["poll_options.id"], name=op.f("fk_poll_votes_option_id_poll_options"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["polls.post_id"], name=op.f("fk_poll_votes_post_id_polls"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_poll_votes_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("post_id", "user_id", "option_id", name=op.f("pk_poll_votes")),
    )
    with op.batch_alter_table("poll_votes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_poll_votes_user_id"), ["user_id"], unique=False)

    with op.batch_alter_table("comments", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_comments_post_id_parent_id_like_count_id"),
            ["post_id", "parent_id", "like_count", "id"],
            unique=False,
        )

    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("duration_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("wave", sa.String(length=48), nullable=False, server_default=""))
        batch_op.alter_column("thumb_key", existing_type=sa.String(length=96), nullable=True)
        batch_op.alter_column("width", existing_type=sa.BigInteger(), nullable=True)
        batch_op.alter_column("height", existing_type=sa.BigInteger(), nullable=True)
        batch_op.alter_column("mime", existing_type=sa.String(length=64), type_=sa.String(length=100))

    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "people_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, server_default="1"
            )
        )
        batch_op.add_column(sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.add_column(sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.add_column(
            sa.Column("comment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.drop_index(batch_op.f("ix_notices_user_id_id"))
        batch_op.create_foreign_key(batch_op.f("fk_notices_by_id_users"), "users", ["by_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_notices_post_id_comment_id"), ["post_id", "comment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notices_user_id_told_at_id"), ["user_id", "told_at", "id"], unique=False)
        batch_op.create_check_constraint(batch_op.f("ck_notices_people_v1"), "people_count >= 0")

    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "favorite_count",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=False,
                server_default="0",
            )
        )
        batch_op.add_column(sa.Column("featured_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("featured_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("pin_rank", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.add_column(sa.Column("pin_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column(
                "parts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False, server_default="{}"
            )
        )
        batch_op.add_column(sa.Column("peek_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.create_index(
            "ix_posts_featured",
            ["circle_id", "featured_at", "id"],
            unique=False,
            sqlite_where=sa.text("featured_at IS NOT NULL"),
            postgresql_where=sa.text("featured_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_posts_pinned",
            ["circle_id", "pin_rank"],
            unique=False,
            sqlite_where=sa.text("pin_rank IS NOT NULL"),
            postgresql_where=sa.text("pin_rank IS NOT NULL"),
        )
        batch_op.create_foreign_key(batch_op.f("fk_posts_featured_by_users"), "users", ["featured_by"], ["id"])
        batch_op.drop_constraint(batch_op.f("ck_posts_counts_v1"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_posts_counts_v2"), "like_count >= 0 AND comment_count >= 0 AND favorite_count >= 0"
        )

    with op.batch_alter_table("topic_posts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("featured_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_topic_posts_topic_id_visible_featured_at_post_id"),
            ["topic_id", "visible", "featured_at", "post_id"],
            unique=False,
        )

    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email", sa.String(length=254), nullable=True))
        batch_op.add_column(sa.Column("email_key", sa.String(length=254), nullable=True))
        batch_op.add_column(sa.Column("email_confirmed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("deleting_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("deleting_keeps", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.create_unique_constraint(batch_op.f("uq_users_email_key"), ["email_key"])

    op.execute("UPDATE notices SET told_at = created_at")
    for column, name in (("by_id", "by"), ("post_id", "post_id"), ("comment_id", "comment_id")):
        value = (
            f"json_extract(data, '$.{name}')"
            if op.get_bind().dialect.name == "sqlite"
            else (f"CAST(data ->> '{name}' AS BIGINT)")
        )
        op.execute(f"UPDATE notices SET {column} = {value}")  # noqa: S608  # names of our own
    _fill_parts()
    _fill_peeks()
    # the values came from defaults of this migration only; from here on the application gives them
    with op.batch_alter_table("media") as batch_op:
        batch_op.alter_column("wave", existing_type=sa.String(length=48), server_default=None)
    with op.batch_alter_table("notices") as batch_op:
        batch_op.alter_column("people_count", existing_type=sa.BigInteger(), server_default=None)
        batch_op.alter_column("told_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    with op.batch_alter_table("posts") as batch_op:
        batch_op.alter_column("favorite_count", existing_type=sa.BigInteger(), server_default=None)
        batch_op.alter_column("parts", existing_type=JSON, server_default=None)
    with op.batch_alter_table("users") as batch_op:
        batch_op.alter_column("deleting_keeps", existing_type=sa.Boolean(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_users_email_key"), type_="unique")
        batch_op.drop_column("deleting_keeps")
        batch_op.drop_column("deleting_at")
        batch_op.drop_column("email_confirmed_at")
        batch_op.drop_column("email_key")
        batch_op.drop_column("email")

    with op.batch_alter_table("topic_posts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_topic_posts_topic_id_visible_featured_at_post_id"))
        batch_op.drop_column("featured_at")

    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_posts_counts_v2"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_posts_counts_v1"), "like_count >= 0 AND comment_count >= 0")
        batch_op.drop_constraint(batch_op.f("fk_posts_featured_by_users"), type_="foreignkey")
        batch_op.drop_index(
            "ix_posts_pinned",
            sqlite_where=sa.text("pin_rank IS NOT NULL"),
            postgresql_where=sa.text("pin_rank IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_posts_featured",
            sqlite_where=sa.text("featured_at IS NOT NULL"),
            postgresql_where=sa.text("featured_at IS NOT NULL"),
        )
        batch_op.drop_column("peek_id")
        batch_op.drop_column("parts")
        batch_op.drop_column("pin_until")
        batch_op.drop_column("pin_rank")
        batch_op.drop_column("featured_by")
        batch_op.drop_column("featured_at")
        batch_op.drop_column("favorite_count")

    if op.get_bind().dialect.name == "sqlite":
        op.execute("UPDATE notices SET data = json_patch(data, "
                   "json_object('by', by_id, 'post_id', post_id, 'comment_id', comment_id))")  # fmt: skip
    else:
        op.execute("UPDATE notices SET data = data || jsonb_strip_nulls("
                   "jsonb_build_object('by', by_id, 'post_id', post_id, 'comment_id', comment_id))")  # fmt: skip
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notices_user_id_told_at_id"))
        batch_op.drop_index(batch_op.f("ix_notices_post_id_comment_id"))
        batch_op.create_index(batch_op.f("ix_notices_user_id_id"), ["user_id", "id"], unique=False)
        batch_op.drop_constraint(batch_op.f("fk_notices_by_id_users"), type_="foreignkey")
        batch_op.drop_column("comment_id")
        batch_op.drop_column("post_id")
        batch_op.drop_column("by_id")
        batch_op.drop_column("mailed_at")
        batch_op.drop_column("told_at")
        batch_op.drop_constraint(batch_op.f("ck_notices_people_v1"), type_="check")
        batch_op.drop_column("people_count")

    # what the version before does not know: voice, video and files
    op.execute("DELETE FROM post_media WHERE media_id IN (SELECT id FROM media WHERE kind <> 'image')")
    op.execute("DELETE FROM media WHERE kind <> 'image'")
    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.alter_column("mime", existing_type=sa.String(length=100), type_=sa.String(length=64))
        batch_op.alter_column("height", existing_type=sa.BigInteger(), nullable=False)
        batch_op.alter_column("width", existing_type=sa.BigInteger(), nullable=False)
        batch_op.alter_column("thumb_key", existing_type=sa.String(length=96), nullable=False)
        batch_op.drop_column("wave")
        batch_op.drop_column("duration_ms")

    with op.batch_alter_table("comments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_comments_post_id_parent_id_like_count_id"))

    with op.batch_alter_table("poll_votes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_poll_votes_user_id"))

    op.drop_table("poll_votes")
    op.drop_table("poll_options")
    op.drop_table("revisions")
    op.drop_table("polls")
    with op.batch_alter_table("notice_people", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_people_user_id"))

    op.drop_table("notice_people")
    with op.batch_alter_table("notice_posts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_posts_post_id"))

    op.drop_table("notice_posts")
    with op.batch_alter_table("favorites", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_favorites_user_id_created_at_post_id"))

    op.drop_table("favorites")
    with op.batch_alter_table("draft_media", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_draft_media_media_id"))

    op.drop_table("draft_media")
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_drafts_publish_at"))
        batch_op.drop_index(batch_op.f("ix_drafts_author_id_updated_at_id"))

    op.drop_table("drafts")
    with op.batch_alter_table("takeouts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_takeouts_user_id_id"))

    op.drop_table("takeouts")
    op.drop_table("notice_settings")
    with op.batch_alter_table("mentions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mentions_user_id"))

    op.drop_table("mentions")
    with op.batch_alter_table("mail_codes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mail_codes_email"))

    op.drop_table("mail_codes")
    with op.batch_alter_table("former_names", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_former_names_user_id_created_at"))

    op.drop_table("former_names")
    op.drop_table("consents")
    with op.batch_alter_table("blocks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_blocks_blocked_id_blocker_id"))

    op.drop_table("blocks")
