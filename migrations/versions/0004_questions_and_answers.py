"""questions and answers

Revision: 0004, after 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
QUESTIONS = sa.text("type = 'question' AND status = 'published'")
UNANSWERED = sa.text("type = 'question' AND status = 'published' AND answer_count = 0")
COUNTS = "like_count >= 0 AND comment_count >= 0 AND favorite_count >= 0"


def upgrade() -> None:
    op.create_table(
        "questions",
        sa.Column("post_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("circle_id", BIGINT, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("close_reason", sa.String(length=16), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", BIGINT, nullable=True),
        sa.Column("duplicate_of_id", BIGINT, nullable=True),
        sa.Column("first_accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", BIGINT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status = 'duplicate') = (duplicate_of_id IS NOT NULL)", name=op.f("ck_questions_duplicate_v1")
        ),
        sa.CheckConstraint("status IN ('open', 'closed', 'duplicate')", name=op.f("ck_questions_status_v1")),
        sa.CheckConstraint("duplicate_of_id <> post_id", name=op.f("ck_questions_not_of_itself_v1")),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circles.id"], name=op.f("fk_questions_circle_id_circles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["closed_by"], ["users.id"], name=op.f("fk_questions_closed_by_users")),
        sa.ForeignKeyConstraint(
            ["duplicate_of_id"], ["questions.post_id"], name=op.f("fk_questions_duplicate_of_id_questions")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_questions_post_id_posts"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_questions")),
    )
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_questions_duplicate_of_id"), ["duplicate_of_id"], unique=False)

    op.create_table(
        "answers",
        sa.Column("circle_id", BIGINT, nullable=False),
        sa.Column("question_id", BIGINT, nullable=False),
        sa.Column("author_id", BIGINT, nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("up", BIGINT, nullable=False),
        sa.Column("down", BIGINT, nullable=False),
        sa.Column("score", BIGINT, nullable=False),
        sa.Column("wilson", BIGINT, nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", BIGINT, nullable=True),
        sa.Column("was_accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_by", BIGINT, nullable=True),
        sa.Column("hidden_reason", sa.String(length=300), nullable=False),
        sa.Column("version", BIGINT, nullable=False),
        sa.Column("id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("accepted_at IS NULL OR status = 'published'", name=op.f("ck_answers_accepted_v1")),
        sa.CheckConstraint(
            "status IN ('published', 'hidden', 'deleted', 'removed')", name=op.f("ck_answers_status_v1")
        ),
        sa.CheckConstraint("up >= 0 AND down >= 0 AND score = up - down", name=op.f("ck_answers_votes_v1")),
        sa.ForeignKeyConstraint(["accepted_by"], ["users.id"], name=op.f("fk_answers_accepted_by_users")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_answers_author_id_users")),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circles.id"], name=op.f("fk_answers_circle_id_circles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["hidden_by"], ["users.id"], name=op.f("fk_answers_hidden_by_users")),
        sa.ForeignKeyConstraint(
            ["question_id"], ["questions.post_id"], name=op.f("fk_answers_question_id_questions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
    )
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answers_author_id_id"), ["author_id", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_answers_question_id_status_id"), ["question_id", "status", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_answers_question_id_status_wilson_score"),
            ["question_id", "status", "wilson", "score"],
            unique=False,
        )
        batch_op.create_index(
            "uq_answers_accepted",
            ["question_id"],
            unique=True,
            sqlite_where=sa.text("accepted_at IS NOT NULL"),
            postgresql_where=sa.text("accepted_at IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_answers_one_each",
            ["question_id", "author_id"],
            unique=True,
            sqlite_where=sa.text("status <> 'deleted'"),
            postgresql_where=sa.text("status <> 'deleted'"),
        )

    op.create_table(
        "question_invites",
        sa.Column("circle_id", BIGINT, nullable=False),
        sa.Column("question_id", BIGINT, nullable=False),
        sa.Column("user_id", BIGINT, nullable=False),
        sa.Column("invited_by", BIGINT, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('invited', 'answered', 'declined', 'expired')", name=op.f("ck_question_invites_status_v1")
        ),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circles.id"], name=op.f("fk_question_invites_circle_id_circles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["invited_by"], ["users.id"], name=op.f("fk_question_invites_invited_by_users")),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["questions.post_id"],
            name=op.f("fk_question_invites_question_id_questions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_question_invites_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_invites")),
        sa.UniqueConstraint("question_id", "user_id", name=op.f("uq_question_invites_question_id_user_id")),
    )
    with op.batch_alter_table("question_invites", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_question_invites_invited_by_created_at"), ["invited_by", "created_at"], unique=False
        )
        batch_op.create_index(
            "ix_question_invites_open",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("status = 'invited'"),
            postgresql_where=sa.text("status = 'invited'"),
        )
        batch_op.create_index(
            batch_op.f("ix_question_invites_user_id_status_id"), ["user_id", "status", "id"], unique=False
        )

    op.create_table(
        "answer_revisions",
        sa.Column("answer_id", BIGINT, nullable=False),
        sa.Column("version", BIGINT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name=op.f("fk_answer_revisions_answer_id_answers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_revisions")),
        sa.UniqueConstraint("answer_id", "version", name=op.f("uq_answer_revisions_answer_id_version")),
    )
    op.create_table(
        "answer_votes",
        sa.Column("answer_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("user_id", BIGINT, nullable=False),
        sa.Column("value", BIGINT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("value IN (-1, 1)", name=op.f("ck_answer_votes_value_v1")),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name=op.f("fk_answer_votes_answer_id_answers"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_answer_votes_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("answer_id", "user_id", name=op.f("pk_answer_votes")),
    )
    with op.batch_alter_table("answer_votes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answer_votes_user_id"), ["user_id"], unique=False)

    with op.batch_alter_table("comments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("anonymous", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("anonymous", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("answer_count", BIGINT, nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(batch_op.f("ck_posts_counts_v2"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_posts_counts_v3"), f"{COUNTS} AND answer_count >= 0")
        batch_op.create_index(
            "ix_posts_questions_active",
            ["circle_id", "status", "last_activity_at", "id"],
            unique=False,
            sqlite_where=QUESTIONS,
            postgresql_where=QUESTIONS,
        )
        batch_op.create_index(
            "ix_posts_questions_hot",
            ["circle_id", "status", "hot_score", "id"],
            unique=False,
            sqlite_where=QUESTIONS,
            postgresql_where=QUESTIONS,
        )
        batch_op.create_index(
            "ix_posts_questions_newest",
            ["circle_id", "status", "published_at", "id"],
            unique=False,
            sqlite_where=QUESTIONS,
            postgresql_where=QUESTIONS,
        )
        batch_op.create_index(
            "ix_posts_questions_unanswered",
            ["circle_id", "status", "answer_count", "published_at", "id"],
            unique=False,
            sqlite_where=UNANSWERED,
            postgresql_where=UNANSWERED,
        )

    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("answer_id", BIGINT, nullable=True))

    with op.batch_alter_table("mentions", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_mentions_target_type_v1"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_mentions_target_type_v2"), "target_type IN ('post', 'comment', 'answer')"
        )
    # questions that a downgrade left without what only questions have
    op.execute(
        "INSERT INTO questions (post_id, circle_id, status, close_reason, version, created_at) "
        "SELECT id, circle_id, 'open', '', 1, created_at FROM posts WHERE type = 'question'"
    )


def downgrade() -> None:
    # what was written without a name is out of sight before it is forgotten that it was
    op.execute("UPDATE topic_posts SET visible = 0 WHERE post_id IN (SELECT id FROM posts WHERE anonymous)")
    for table in ("posts", "comments"):
        op.execute(f"UPDATE {table} SET status = 'hidden' WHERE anonymous AND status = 'published'")  # noqa: S608
    op.execute("DELETE FROM mentions WHERE target_type = 'answer'")
    with op.batch_alter_table("mentions", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_mentions_target_type_v2"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_mentions_target_type_v1"), "target_type IN ('post', 'comment')")

    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_column("answer_id")

    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.drop_index("ix_posts_questions_unanswered", sqlite_where=UNANSWERED, postgresql_where=UNANSWERED)
        batch_op.drop_index("ix_posts_questions_newest", sqlite_where=QUESTIONS, postgresql_where=QUESTIONS)
        batch_op.drop_index("ix_posts_questions_hot", sqlite_where=QUESTIONS, postgresql_where=QUESTIONS)
        batch_op.drop_index("ix_posts_questions_active", sqlite_where=QUESTIONS, postgresql_where=QUESTIONS)
        batch_op.drop_constraint(batch_op.f("ck_posts_counts_v3"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_posts_counts_v2"), COUNTS)
        batch_op.drop_column("answered_at")
        batch_op.drop_column("answer_count")
        batch_op.drop_column("anonymous")

    with op.batch_alter_table("comments", schema=None) as batch_op:
        batch_op.drop_column("anonymous")

    with op.batch_alter_table("answer_votes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_answer_votes_user_id"))

    op.drop_table("answer_votes")
    op.drop_table("answer_revisions")
    with op.batch_alter_table("question_invites", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_question_invites_user_id_status_id"))
        batch_op.drop_index(
            "ix_question_invites_open",
            sqlite_where=sa.text("status = 'invited'"),
            postgresql_where=sa.text("status = 'invited'"),
        )
        batch_op.drop_index(batch_op.f("ix_question_invites_invited_by_created_at"))

    op.drop_table("question_invites")
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_answers_one_each",
            sqlite_where=sa.text("status <> 'deleted'"),
            postgresql_where=sa.text("status <> 'deleted'"),
        )
        batch_op.drop_index(
            "uq_answers_accepted",
            sqlite_where=sa.text("accepted_at IS NOT NULL"),
            postgresql_where=sa.text("accepted_at IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_answers_question_id_status_wilson_score"))
        batch_op.drop_index(batch_op.f("ix_answers_question_id_status_id"))
        batch_op.drop_index(batch_op.f("ix_answers_author_id_id"))

    op.drop_table("answers")
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_questions_duplicate_of_id"))

    op.drop_table("questions")
