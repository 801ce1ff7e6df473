"""points

Revision: 0003, after 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
#: what was posted stays as it was posted; a mistake is corrected by another transaction
APPEND_ONLY = ("ledger_txns", "ledger_entries")


def _forbid_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_append_only()"
    )


def _allow_changes(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {table}_no_change ON {table}")
        op.execute(f"DROP FUNCTION {table}_append_only()")


def upgrade() -> None:
    op.create_table(
        "earn_rules",
        sa.Column("circle_id", BIGINT, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("version", BIGINT, nullable=False),
        sa.Column("points", BIGINT, nullable=False),
        sa.Column("growth", BIGINT, nullable=False),
        sa.Column("daily_count_cap", BIGINT, nullable=True),
        sa.Column("daily_point_cap", BIGINT, nullable=True),
        sa.Column("weekly_point_cap", BIGINT, nullable=True),
        sa.Column("giver_daily_cap", BIGINT, nullable=True),
        sa.Column("min_len", BIGINT, nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_by", BIGINT, nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("points >= 0 AND growth >= 0", name=op.f("ck_earn_rules_amounts_v1")),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circles.id"], name=op.f("fk_earn_rules_circle_id_circles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_earn_rules_created_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earn_rules")),
        sa.UniqueConstraint("circle_id", "code", "version", name=op.f("uq_earn_rules_circle_id_code_version")),
    )
    with op.batch_alter_table("earn_rules", schema=None) as batch_op:
        batch_op.create_index(
            "uq_earn_rules_current",
            ["circle_id", "code"],
            unique=True,
            sqlite_where=sa.text("replaced_at IS NULL"),
            postgresql_where=sa.text("replaced_at IS NULL"),
        )

    op.create_table(
        "ledger_accounts",
        sa.Column("id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("circle_id", BIGINT, nullable=False),
        sa.Column("owner_type", sa.String(length=16), nullable=False),
        sa.Column("owner_id", BIGINT, nullable=False),
        sa.Column("asset", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("balance", BIGINT, nullable=False),
        sa.Column("seq", BIGINT, nullable=False),
        sa.Column("owed", BIGINT, server_default="0", nullable=False),
        sa.Column("last_posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("asset IN ('POINTS', 'GROWTH')", name=op.f("ck_ledger_accounts_asset_v1")),
        sa.CheckConstraint("mode <> 'strict' OR balance >= 0", name=op.f("ck_ledger_accounts_never_negative_v1")),
        sa.CheckConstraint("mode IN ('strict', 'derived')", name=op.f("ck_ledger_accounts_mode_v1")),
        sa.CheckConstraint("owed >= 0 AND (owed = 0 OR balance = 0)", name=op.f("ck_ledger_accounts_owed_v1")),
        sa.ForeignKeyConstraint(["circle_id"], ["circles.id"], name=op.f("fk_ledger_accounts_circle_id_circles")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint(
            "circle_id",
            "owner_type",
            "owner_id",
            "asset",
            "kind",
            name=op.f("uq_ledger_accounts_circle_id_owner_type_owner_id_asset_kind"),
        ),
    )
    op.create_table(
        "ledger_checks",
        sa.Column("circle_id", BIGINT, nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("txn_count", BIGINT, nullable=False),
        sa.Column("entry_count", BIGINT, nullable=False),
        sa.Column("violations", JSON, nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circles.id"], name=op.f("fk_ledger_checks_circle_id_circles")),
        sa.PrimaryKeyConstraint("circle_id", name=op.f("pk_ledger_checks")),
    )
    op.create_table(
        "ledger_txns",
        sa.Column("circle_id", BIGINT, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("idem_key", sa.String(length=120), nullable=False),
        sa.Column("payload_hash", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=True),
        sa.Column("reverses_txn_id", BIGINT, nullable=True),
        sa.Column("actor_id", BIGINT, nullable=True),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("memo", sa.String(length=200), nullable=False),
        sa.Column("meta", JSON, nullable=False),
        sa.Column("id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circles.id"], name=op.f("fk_ledger_txns_circle_id_circles")),
        sa.ForeignKeyConstraint(
            ["reverses_txn_id"], ["ledger_txns.id"], name=op.f("fk_ledger_txns_reverses_txn_id_ledger_txns")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_txns")),
        sa.UniqueConstraint("idem_key", name=op.f("uq_ledger_txns_idem_key")),
        sa.UniqueConstraint("reverses_txn_id", name=op.f("uq_ledger_txns_reverses_txn_id")),
    )
    with op.batch_alter_table("ledger_txns", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_txns_circle_id_id"), ["circle_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_txns_source"), ["source"], unique=False)

    op.create_table(
        "tasks",
        sa.Column("circle_id", BIGINT, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=True),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("cadence", sa.String(length=16), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("target", BIGINT, nullable=False),
        sa.Column("points", BIGINT, nullable=False),
        sa.Column("growth", BIGINT, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("position", BIGINT, nullable=False),
        sa.Column("version", BIGINT, nullable=False),
        sa.Column("id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cadence IN ('daily', 'weekly', 'newcomer')", name=op.f("ck_tasks_cadence_v1")),
        sa.CheckConstraint("points >= 0 AND growth >= 0 AND points + growth > 0", name=op.f("ck_tasks_reward_v1")),
        sa.CheckConstraint("target BETWEEN 1 AND 1000", name=op.f("ck_tasks_target_v1")),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circles.id"], name=op.f("fk_tasks_circle_id_circles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("circle_id", "code", name=op.f("uq_tasks_circle_id_code")),
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tasks_circle_id_event"), ["circle_id", "event"], unique=False)

    op.create_table(
        "earn_counters",
        sa.Column("member_id", BIGINT, nullable=False),
        sa.Column("rule_code", sa.String(length=64), nullable=False),
        sa.Column("period_key", sa.String(length=16), nullable=False),
        sa.Column("n", BIGINT, nullable=False),
        sa.Column("points", BIGINT, nullable=False),
        sa.CheckConstraint("n >= 0 AND points >= 0", name=op.f("ck_earn_counters_counts_v1")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_earn_counters_member_id_members")),
        sa.PrimaryKeyConstraint("member_id", "rule_code", "period_key", name=op.f("pk_earn_counters")),
    )
    op.create_table(
        "earn_sources",
        sa.Column("source_key", sa.String(length=120), nullable=False),
        sa.Column("circle_id", BIGINT, nullable=False),
        sa.Column("member_id", BIGINT, nullable=False),
        sa.Column("rule_code", sa.String(length=32), nullable=False),
        sa.Column("rule_version", BIGINT, nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("giver_id", BIGINT, nullable=True),
        sa.Column("length", BIGINT, nullable=True),
        sa.Column("granted_points", BIGINT, nullable=False),
        sa.Column("granted_growth", BIGINT, nullable=False),
        sa.Column("active_points", BIGINT, nullable=False),
        sa.Column("active_growth", BIGINT, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("generation", BIGINT, nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('on', 'off', 'capped', 'none')", name=op.f("ck_earn_sources_state_v1")),
        sa.CheckConstraint("granted_points >= 0 AND granted_growth >= 0", name=op.f("ck_earn_sources_granted_v1")),
        sa.ForeignKeyConstraint(["circle_id"], ["circles.id"], name=op.f("fk_earn_sources_circle_id_circles")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_earn_sources_member_id_members")),
        sa.PrimaryKeyConstraint("source_key", name=op.f("pk_earn_sources")),
    )
    with op.batch_alter_table("earn_sources", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_earn_sources_circle_id_effective_at"), ["circle_id", "effective_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_earn_sources_member_id_effective_at"), ["member_id", "effective_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_earn_sources_subject"), ["subject"], unique=False)

    op.create_table(
        "growth_totals",
        sa.Column("circle_id", BIGINT, nullable=False),
        sa.Column("period_key", sa.String(length=16), nullable=False),
        sa.Column("member_id", BIGINT, nullable=False),
        sa.Column("growth", BIGINT, nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circles.id"], name=op.f("fk_growth_totals_circle_id_circles")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_growth_totals_member_id_members")),
        sa.PrimaryKeyConstraint("circle_id", "period_key", "member_id", name=op.f("pk_growth_totals")),
        sa.UniqueConstraint("member_id", "period_key", name=op.f("uq_growth_totals_member_id_period_key")),
    )
    op.create_table(
        "ledger_checkpoints",
        sa.Column("account_id", BIGINT, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("balance", BIGINT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["ledger_accounts.id"], name=op.f("fk_ledger_checkpoints_account_id_ledger_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", "at", name=op.f("pk_ledger_checkpoints")),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("txn_id", BIGINT, nullable=False),
        sa.Column("account_id", BIGINT, nullable=False),
        sa.Column("asset", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("amount", BIGINT, nullable=False),
        sa.Column("seq", BIGINT, nullable=True),
        sa.Column("balance_after", BIGINT, nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_entries_amount_v1")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["ledger_accounts.id"], name=op.f("fk_ledger_entries_account_id_ledger_accounts")
        ),
        sa.ForeignKeyConstraint(["txn_id"], ["ledger_txns.id"], name=op.f("fk_ledger_entries_txn_id_ledger_txns")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("account_id", "seq", name=op.f("uq_ledger_entries_account_id_seq")),
    )
    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_ledger_entries_account_id_kind_seq"), ["account_id", "kind", "seq"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_ledger_entries_account_id_posted_at"), ["account_id", "posted_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_ledger_entries_txn_id"), ["txn_id"], unique=False)

    op.create_table(
        "level_events",
        sa.Column("member_id", BIGINT, nullable=False),
        sa.Column("from_level", BIGINT, nullable=False),
        sa.Column("to_level", BIGINT, nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("growth", BIGINT, nullable=False),
        sa.Column("txn_id", BIGINT, nullable=True),
        sa.Column("id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('promote', 'decay', 'reversal', 'rules', 'forfeit')", name=op.f("ck_level_events_reason_v1")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_level_events_member_id_members")),
        sa.ForeignKeyConstraint(["txn_id"], ["ledger_txns.id"], name=op.f("fk_level_events_txn_id_ledger_txns")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_level_events")),
        sa.UniqueConstraint("txn_id", name=op.f("uq_level_events_txn_id")),
    )
    with op.batch_alter_table("level_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_level_events_member_id_id"), ["member_id", "id"], unique=False)

    op.create_table(
        "level_gifts",
        sa.Column("member_id", BIGINT, nullable=False),
        sa.Column("level", BIGINT, nullable=False),
        sa.Column("points", BIGINT, nullable=False),
        sa.Column("txn_id", BIGINT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_level_gifts_member_id_members")),
        sa.ForeignKeyConstraint(["txn_id"], ["ledger_txns.id"], name=op.f("fk_level_gifts_txn_id_ledger_txns")),
        sa.PrimaryKeyConstraint("member_id", "level", name=op.f("pk_level_gifts")),
    )
    op.create_table(
        "member_levels",
        sa.Column("member_id", BIGINT, nullable=False),
        sa.Column("circle_id", BIGINT, nullable=False),
        sa.Column("level", BIGINT, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assess_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circles.id"], name=op.f("fk_member_levels_circle_id_circles")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_member_levels_member_id_members")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_member_levels")),
    )
    with op.batch_alter_table("member_levels", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_levels_assess_at"), ["assess_at"], unique=False)

    op.create_table(
        "point_adjustments",
        sa.Column("circle_id", BIGINT, nullable=False),
        sa.Column("member_id", BIGINT, nullable=False),
        sa.Column("asset", sa.String(length=16), nullable=False),
        sa.Column("amount", BIGINT, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("asked_by", BIGINT, nullable=False),
        sa.Column("decided_by", BIGINT, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("reversed_by", BIGINT, nullable=True),
        sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("txn_id", BIGINT, nullable=True),
        sa.Column("id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("asset IN ('POINTS', 'GROWTH')", name=op.f("ck_point_adjustments_asset_v1")),
        sa.CheckConstraint(
            "status IN ('pending', 'applied', 'rejected', 'reversed')", name=op.f("ck_point_adjustments_status_v1")
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_point_adjustments_amount_v1")),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_point_adjustments_asked_by_users")),
        sa.ForeignKeyConstraint(["reversed_by"], ["users.id"], name=op.f("fk_point_adjustments_reversed_by_users")),
        sa.ForeignKeyConstraint(["circle_id"], ["circles.id"], name=op.f("fk_point_adjustments_circle_id_circles")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_point_adjustments_decided_by_users")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_point_adjustments_member_id_members")),
        sa.ForeignKeyConstraint(["txn_id"], ["ledger_txns.id"], name=op.f("fk_point_adjustments_txn_id_ledger_txns")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_adjustments")),
    )
    with op.batch_alter_table("point_adjustments", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_point_adjustments_circle_id_status_id"), ["circle_id", "status", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_point_adjustments_member_id_id"), ["member_id", "id"], unique=False)

    op.create_table(
        "point_lots",
        sa.Column("id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("account_id", BIGINT, nullable=False),
        sa.Column("txn_id", BIGINT, nullable=False),
        sa.Column("source_key", sa.String(length=120), nullable=True),
        sa.Column("amount", BIGINT, nullable=False),
        sa.Column("remaining", BIGINT, nullable=False),
        sa.Column("expired", BIGINT, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "remaining >= 0 AND expired >= 0 AND remaining + expired <= amount", name=op.f("ck_point_lots_amounts_v1")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["ledger_accounts.id"], name=op.f("fk_point_lots_account_id_ledger_accounts")
        ),
        sa.ForeignKeyConstraint(["txn_id"], ["ledger_txns.id"], name=op.f("fk_point_lots_txn_id_ledger_txns")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_lots")),
    )
    with op.batch_alter_table("point_lots", schema=None) as batch_op:
        batch_op.create_index(
            "ix_point_lots_due",
            ["expires_at", "account_id"],
            unique=False,
            sqlite_where=sa.text("remaining > 0"),
            postgresql_where=sa.text("remaining > 0"),
        )
        batch_op.create_index(
            "ix_point_lots_open",
            ["account_id", "expires_at", "id"],
            unique=False,
            sqlite_where=sa.text("remaining > 0"),
            postgresql_where=sa.text("remaining > 0"),
        )
        batch_op.create_index(batch_op.f("ix_point_lots_source_key"), ["source_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_point_lots_txn_id"), ["txn_id"], unique=False)

    op.create_table(
        "task_hits",
        sa.Column("task_id", BIGINT, nullable=False),
        sa.Column("member_id", BIGINT, nullable=False),
        sa.Column("period_key", sa.String(length=16), nullable=False),
        sa.Column("event_key", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_task_hits_member_id_members")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_hits_task_id_tasks")),
        sa.PrimaryKeyConstraint("task_id", "member_id", "period_key", "event_key", name=op.f("pk_task_hits")),
    )
    op.create_table(
        "task_progress",
        sa.Column("task_id", BIGINT, nullable=False),
        sa.Column("member_id", BIGINT, nullable=False),
        sa.Column("period_key", sa.String(length=16), nullable=False),
        sa.Column("count", BIGINT, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("points", BIGINT, nullable=False),
        sa.Column("growth", BIGINT, nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("txn_id", BIGINT, nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'claimable', 'claimed', 'expired')", name=op.f("ck_task_progress_state_v1")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_task_progress_member_id_members")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_progress_task_id_tasks")),
        sa.ForeignKeyConstraint(["txn_id"], ["ledger_txns.id"], name=op.f("fk_task_progress_txn_id_ledger_txns")),
        sa.PrimaryKeyConstraint("task_id", "member_id", "period_key", name=op.f("pk_task_progress")),
    )
    with op.batch_alter_table("task_progress", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_task_progress_state_expires_at"), ["state", "expires_at"], unique=False)

    op.create_table(
        "lot_uses",
        sa.Column("txn_id", BIGINT, nullable=False),
        sa.Column("lot_id", BIGINT, nullable=False),
        sa.Column("amount", BIGINT, nullable=False),
        sa.Column("restored", BIGINT, nullable=False),
        sa.CheckConstraint("amount > 0 AND restored >= 0 AND restored <= amount", name=op.f("ck_lot_uses_amounts_v1")),
        sa.ForeignKeyConstraint(["lot_id"], ["point_lots.id"], name=op.f("fk_lot_uses_lot_id_point_lots")),
        sa.ForeignKeyConstraint(["txn_id"], ["ledger_txns.id"], name=op.f("fk_lot_uses_txn_id_ledger_txns")),
        sa.PrimaryKeyConstraint("txn_id", "lot_id", name=op.f("pk_lot_uses")),
    )
    with op.batch_alter_table("lot_uses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lot_uses_lot_id"), ["lot_id"], unique=False)

    with op.batch_alter_table("circles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("levels", JSON, server_default="[]", nullable=False))
        batch_op.add_column(
            sa.Column("points_expiry", sa.String(length=16), server_default="next_year", nullable=False)
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_circles_points_expiry_v1"), "points_expiry IN ('next_year', 'never')"
        )

    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.add_column(sa.Column("level", BIGINT, server_default="1", nullable=False))

    for table in APPEND_ONLY:
        _forbid_changes(table)


def downgrade() -> None:
    for table in APPEND_ONLY:
        _allow_changes(table)
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_column("level")

    with op.batch_alter_table("circles", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_circles_points_expiry_v1"), type_="check")
        batch_op.drop_column("points_expiry")
        batch_op.drop_column("levels")

    with op.batch_alter_table("lot_uses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lot_uses_lot_id"))

    op.drop_table("lot_uses")
    with op.batch_alter_table("task_progress", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_task_progress_state_expires_at"))

    op.drop_table("task_progress")
    op.drop_table("task_hits")
    with op.batch_alter_table("point_lots", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_point_lots_txn_id"))
        batch_op.drop_index(batch_op.f("ix_point_lots_source_key"))
        batch_op.drop_index(
            "ix_point_lots_open", sqlite_where=sa.text("remaining > 0"), postgresql_where=sa.text("remaining > 0")
        )
        batch_op.drop_index(
            "ix_point_lots_due", sqlite_where=sa.text("remaining > 0"), postgresql_where=sa.text("remaining > 0")
        )

    op.drop_table("point_lots")
    with op.batch_alter_table("point_adjustments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_point_adjustments_member_id_id"))
        batch_op.drop_index(batch_op.f("ix_point_adjustments_circle_id_status_id"))

    op.drop_table("point_adjustments")
    with op.batch_alter_table("member_levels", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_member_levels_assess_at"))

    op.drop_table("member_levels")
    op.drop_table("level_gifts")
    with op.batch_alter_table("level_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_level_events_member_id_id"))

    op.drop_table("level_events")
    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_entries_txn_id"))
        batch_op.drop_index(batch_op.f("ix_ledger_entries_account_id_posted_at"))
        batch_op.drop_index(batch_op.f("ix_ledger_entries_account_id_kind_seq"))

    op.drop_table("ledger_entries")
    op.drop_table("ledger_checkpoints")
    op.drop_table("growth_totals")
    with op.batch_alter_table("earn_sources", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_earn_sources_subject"))
        batch_op.drop_index(batch_op.f("ix_earn_sources_member_id_effective_at"))
        batch_op.drop_index(batch_op.f("ix_earn_sources_circle_id_effective_at"))

    op.drop_table("earn_sources")
    op.drop_table("earn_counters")
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tasks_circle_id_event"))

    op.drop_table("tasks")
    with op.batch_alter_table("ledger_txns", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_txns_source"))
        batch_op.drop_index(batch_op.f("ix_ledger_txns_circle_id_id"))

    op.drop_table("ledger_txns")
    op.drop_table("ledger_checks")
    op.drop_table("ledger_accounts")
    with op.batch_alter_table("earn_rules", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_earn_rules_current",
            sqlite_where=sa.text("replaced_at IS NULL"),
            postgresql_where=sa.text("replaced_at IS NULL"),
        )

    op.drop_table("earn_rules")
