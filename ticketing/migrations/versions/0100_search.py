"""The full-text index of tickets and people: FTS5 on SQLite, `tsvector` with the `danish` configuration on
PostgreSQL. Two views say what it holds; triggers keep it in the transaction of the rows.

A migration that lets SQLite copy work_item, message or person (`batch_alter_table`) drops the views first
and makes views and triggers again; a test of the migrations asks for them.

On a million rows: everything is indexed once, some minutes; writers of tickets wait meanwhile.
"""

# ruff: noqa: S608 - the names in the statements are those of this file

from alembic import op

revision = "0100"
down_revision = "0050"
branch_labels = None
depends_on = None

#: As much as is indexed of one ticket's texts, so that no tsvector passes its bound of one megabyte.
LONGEST = 150_000
ITEM_COLUMNS = "title, number, tried, error_text, requester_name, requester_email"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _on_sqlite()
    else:
        _on_postgresql()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in ("work_item", "message", "person"):
            for change in ("insert", "update", "delete"):
                op.execute(f"DROP TRIGGER {table}_{change}_is_searched")
    else:
        for table in ("work_item", "message", "person"):
            op.execute(f"DROP TRIGGER {table}_is_searched ON {table}")
        op.execute("DROP FUNCTION search_item_again()")
        op.execute("DROP FUNCTION search_person_again()")
    op.execute("DROP VIEW search_source")
    op.execute("DROP VIEW search_person_source")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION search_plain(text)")
    op.execute("DROP TABLE search_index")
    op.execute("DROP TABLE search_person")


def _on_sqlite() -> None:
    op.execute(
        f"""CREATE VIEW search_source AS SELECT w.id AS item_id,
        w.number || ' ' || index_words(w.title) AS title,
        index_words(coalesce(w.tried, '') || ' ' || coalesce(w.error_text, '') || ' ' || coalesce((
            SELECT substr(group_concat(body, ' '), 1, {LONGEST}) FROM
            (SELECT body FROM message WHERE item_id = w.id ORDER BY id)), '')) AS body,
        index_words(coalesce(w.requester_name, '') || ' ' || coalesce(w.requester_email, '')) AS names
        FROM work_item w"""
    )
    op.execute(
        "CREATE VIEW search_person_source AS SELECT id AS person_id, plain_words(name) AS name FROM person"
    )
    for table, columns in (("search_index", "title, body, names"), ("search_person", "name")):
        tokenize = "unicode61 remove_diacritics 0"
        op.execute(f"CREATE VIRTUAL TABLE {table} USING fts5({columns}, tokenize='{tokenize}', prefix='3')")
    item = ("search_index", "title, body, names", "search_source", "item_id")
    _sqlite_triggers("work_item", "id", ITEM_COLUMNS, *item)
    _sqlite_triggers("message", "item_id", "body", *item)
    _sqlite_triggers("person", "id", "name", "search_person", "name", "search_person_source", "person_id")
    op.execute("INSERT INTO search_index (rowid, title, body, names) SELECT * FROM search_source")
    op.execute("INSERT INTO search_person (rowid, name) SELECT * FROM search_person_source")


def _sqlite_triggers(
    table: str, key: str, watched: str, index: str, columns: str, source: str, id_: str
) -> None:
    for change, row in (("INSERT", "NEW"), (f"UPDATE OF {watched}", "NEW"), ("DELETE", "OLD")):
        name = f"{table}_{change.split()[0].lower()}_is_searched"
        op.execute(f"""CREATE TRIGGER {name} AFTER {change} ON {table} BEGIN
            DELETE FROM {index} WHERE rowid = {row}.{key};
            INSERT INTO {index} (rowid, {columns})
                SELECT {id_}, {columns} FROM {source} WHERE {id_} = {row}.{key};
            END""")


def _on_postgresql() -> None:
    # CPR numbers leave (stored texts have none; what is written past the actions may), capital letters and
    # signs that the parser would make one word of become what a question's words are.
    op.execute("""CREATE FUNCTION search_plain(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT lower(translate(regexp_replace($1,
            '(^|[^0-9A-Za-z])[0-9]{2}(0[1-9]|1[0-2])[0-9]{2}'
            '([ \u00a0]?[-\u2010\u2011\u2013][ \u00a0]?|[ \u00a0])?[0-9]{4}'
            '(?![0-9A-Za-z])', '\\1 ', 'g'),
            'ÆØÅÉÄÖÜ.,:;@/_-+''"()<>=&#!?*|', 'æøåéäöü                      ')) $$""")
    op.execute(
        f"""CREATE VIEW search_source AS SELECT w.id AS item_id,
        setweight(to_tsvector('danish', w.number || ' ' || search_plain(w.title)), 'A') ||
        setweight(to_tsvector('danish', search_plain(left(
            coalesce(w.tried, '') || ' ' || coalesce(w.error_text, ''), 30000) || ' ' || coalesce((
            SELECT left(string_agg(m.body, ' ' ORDER BY m.id), {LONGEST})
            FROM message m WHERE m.item_id = w.id),
            ''))), 'B') ||
        setweight(to_tsvector('danish', search_plain(
            coalesce(w.requester_name, '') || ' ' || coalesce(w.requester_email, ''))), 'C') AS words
        FROM work_item w"""
    )
    op.execute("""CREATE VIEW search_person_source AS
        SELECT id AS person_id, to_tsvector('simple', search_plain(name)) AS words FROM person""")
    for table, key, rows, source in (
        ("search_index", "item_id", "work_item", "search_source"),
        ("search_person", "person_id", "person", "search_person_source"),
    ):
        op.execute(f"""CREATE TABLE {table} ({key} bigint PRIMARY KEY REFERENCES {rows} (id) ON DELETE CASCADE,
            words tsvector NOT NULL)""")
        op.execute(f"INSERT INTO {table} SELECT * FROM {source}")
        # Without a list of pending rows: every search would have to read it.
        op.execute(f"CREATE INDEX ix_{table}_words ON {table} USING gin (words) WITH (fastupdate = off)")
    _postgresql_triggers()


def _postgresql_triggers() -> None:
    for what, key, source, table in (
        ("item", "item_id", "search_source", "search_index"),
        ("person", "person_id", "search_person_source", "search_person"),
    ):
        op.execute(f"""CREATE FUNCTION search_{what}_again() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE changed bigint;
            BEGIN
                IF TG_TABLE_NAME = 'message' THEN
                    IF TG_OP = 'DELETE' THEN changed := OLD.item_id; ELSE changed := NEW.item_id; END IF;
                ELSE changed := NEW.id; END IF;
                INSERT INTO {table} SELECT {key}, words FROM {source} WHERE {key} = changed
                ON CONFLICT ({key}) DO UPDATE SET words = excluded.words;
                RETURN NULL;
            END $$""")
    for table, change, what in (
        ("work_item", f"INSERT OR UPDATE OF {ITEM_COLUMNS}", "item"),
        ("message", "INSERT OR UPDATE OF body OR DELETE", "item"),
        ("person", "INSERT OR UPDATE OF name", "person"),
    ):
        op.execute(f"""CREATE TRIGGER {table}_is_searched AFTER {change} ON {table}
            FOR EACH ROW EXECUTE FUNCTION search_{what}_again()""")
