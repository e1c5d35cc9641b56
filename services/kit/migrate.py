"""Brings one service's database into being and up to date: roles, grants, row-level security, Alembic."""

import hashlib
import hmac
from importlib.resources import files
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import create_engine

# Set on the roles, so that no connection can forget them.
TIMEOUTS = {
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
}
SERVICES = ("tickets", "notify", "surveys", "gateway")
BUS = "bus"


def role_password(secret: str, role: str) -> str:
    """Derive a role's password from the installation's one secret (HMAC-SHA-256)."""
    return hmac.new(secret.encode(), f"database role {role}".encode(), hashlib.sha256).hexdigest()


def database_url(server_url: str, secret: str, service: str, *, worker: bool = False) -> str:
    """Return the URL a service's web (or worker) processes use on the server of `server_url`."""
    role = role_name(service, worker=worker)
    parts = urlsplit(server_url)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{role}:{quote(role_password(secret, role))}@{host}"
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{database_name(service)}"))


def owner_url(server_url: str, service: str) -> str:
    """Return the URL of the service's database for the role that owns its tables."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{database_name(service)}"))


def database_name(service: str) -> str:
    """Return the name of the database a service owns."""
    return f"doorstep_{service}"


def role_name(service: str, *, worker: bool = False) -> str:
    """Return the role a service connects as; the worker's sees all tenants, the web's only the caller's."""
    return f"doorstep_{service}_worker" if worker else f"doorstep_{service}"


def provision(server_url: str, secret: str, service: str) -> None:
    """Create the service's database and roles where they are missing, and set passwords and time-outs."""
    name = database_name(service)
    with psycopg.connect(server_url, autocommit=True) as server:
        # Two installers at once would both find the role missing.
        server.execute("SELECT pg_advisory_lock(hashtext('doorstep.provision'))")
        roles = [role_name(service)] if service == BUS else [role_name(service), role_name(service, worker=True)]
        for role in roles:
            if not server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
                server.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
            password = sql.Literal(role_password(secret, role))
            server.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), password))
            for setting, value in TIMEOUTS.items():
                server.execute(
                    sql.SQL("ALTER ROLE {} SET {} = {}").format(
                        sql.Identifier(role), sql.Identifier(setting), sql.Literal(value)
                    )
                )
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        server.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        for role in roles:
            server.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(name), sql.Identifier(role))
            )
    with psycopg.connect(owner_url(server_url, service), autocommit=True) as database:
        for role in roles:
            rights = "USAGE, CREATE" if service == BUS else "USAGE"
            database.execute(sql.SQL("GRANT {} ON SCHEMA public TO {}").format(sql.SQL(rights), sql.Identifier(role)))


def upgrade(server_url: str, service: str) -> None:
    """Run the service's migrations to the newest, as the owner of its tables."""
    package = "gateway" if service == "gateway" else f"services.{service}"
    config = Config()
    config.set_main_option("script_location", str(files(package) / "migrations").replace("%", "%%"))
    engine = create_engine(owner_url(server_url, service).replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("SET lock_timeout = '5s'")
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('doorstep.migrate'))")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def in_tenant(column: str = "organisation_id") -> str:
    """Return the policy condition that a row is the caller's organisation's. An empty setting matches nothing."""
    return f"{column} = NULLIF(current_setting('doorstep.organisation', true), '')::uuid"


def protect(service: str, table: str, condition: str, *, web: str, worker: str, check: str | None = None) -> list[str]:
    """Return the statements that put a table under row-level security.

    `condition` is what the web role may see, `check` (default: the same) what it may write, `web` and `worker`
    the granted commands. The tables' owner is held to the policies too (FORCE), and the worker's policy admits
    every tenant.
    """
    web_role, worker_role = role_name(service), role_name(service, worker=True)
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_web ON {table} TO {web_role} USING ({condition}) WITH CHECK ({check or condition})",
        f"CREATE POLICY {table}_worker ON {table} TO {worker_role} USING (true) WITH CHECK (true)",
        *grant(service, table, web=web, worker=worker),
    ]


def grant(service: str, table: str, *, web: str, worker: str) -> list[str]:
    """Return the grants of a table without row-level security; an empty string grants nothing."""
    statements = []
    if web:
        statements.append(f"GRANT {web} ON {table} TO {role_name(service)}")
    if worker:
        statements.append(f"GRANT {worker} ON {table} TO {role_name(service, worker=True)}")
    return statements


def plumbing(service: str) -> list[str]:
    """Return the statements for the kit's own tables: outbox, inbox, idempotency_keys."""
    own = f"{in_tenant()} AND person_id = NULLIF(current_setting('doorstep.person', true), '')::uuid"
    return [
        *grant(service, "outbox", web="INSERT", worker="SELECT, INSERT, UPDATE, DELETE"),
        *grant(service, "inbox", web="", worker="SELECT, INSERT, UPDATE, DELETE"),
        *protect(service, "idempotency_keys", own, web="SELECT, INSERT", worker="SELECT, DELETE"),
    ]


def erasures(service: str, *guarded: str) -> list[str]:
    """Return the statements for the kit's log of erasures, and the guard of tables that are otherwise only added to.

    The web role neither sees the log nor can open the guard; the worker can, by writing a log row that stays.
    """
    return [
        """CREATE TABLE erasure_passes (
            erasure_id uuid NOT NULL, number smallint NOT NULL, organisation_id uuid NOT NULL, person_id uuid NOT NULL,
            unit_ids uuid[] NOT NULL, at timestamptz NOT NULL, counts jsonb,
            CONSTRAINT pk_erasure_passes PRIMARY KEY (erasure_id, number)
        )""",
        *protect(service, "erasure_passes", "false", web="", worker="SELECT, INSERT, UPDATE (counts)"),
        """CREATE FUNCTION erasure_is_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND OLD.counts IS NULL THEN RETURN NEW; END IF;
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
        END $$""",
        "CREATE TRIGGER erasure_passes_written_once BEFORE UPDATE OR DELETE ON erasure_passes"
        " FOR EACH ROW EXECUTE FUNCTION erasure_is_written_once()",
        """CREATE FUNCTION only_while_erasing() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (SELECT FROM erasure_passes WHERE counts IS NULL
                AND erasure_id = NULLIF(current_setting('doorstep.erasure', true), '')::uuid) THEN
                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NULL;
        END $$""",
        *(guard(table) for table in guarded),
    ]


def guard(table: str) -> str:
    """Return the trigger by which rows of a table change and go only while a logged erasure is under way."""
    return (
        f"CREATE TRIGGER {table}_only_while_erasing BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION only_while_erasing()"
    )
