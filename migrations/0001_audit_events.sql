-- The log of format v1. Every statement works in the first schema of the search path;
-- functions keep the path that the migration runs with, which ends in pg_temp.

-- Text is stored and sorted by bytes, as the format sorts it.
CREATE TABLE audit_events (
    v              smallint    NOT NULL CHECK (v = 1),
    chain          text        COLLATE "C" NOT NULL,
    seq            bigint      NOT NULL CHECK (seq >= 0),
    id             uuid        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    "timestamp"    timestamptz NOT NULL,
    event_type     text        COLLATE "C" NOT NULL,
    user_id        text        COLLATE "C",
    action         text        COLLATE "C" NOT NULL,
    resource_type  text        COLLATE "C" NOT NULL,
    resource_id    text        COLLATE "C" NOT NULL,
    result         text        COLLATE "C" NOT NULL
                   CHECK (result IN ('success', 'failure', 'partial_success')),
    result_error   text        COLLATE "C",
    -- The exact text, because the hash covers it; jsonb would print it anew. The check makes
    -- sure that it can be read as jsonb, so no query over it fails.
    details        text        COLLATE "C" CHECK (jsonb_typeof(details::jsonb) = 'object'),
    -- Text, because inet and Python spell ::ffff:1.2.3.4 differently, and inet knows no zone.
    ip_address     text        COLLATE "C",
    user_agent     text        COLLATE "C",
    request_id     text        COLLATE "C",
    previous_hash  text        COLLATE "C" NOT NULL CHECK (octet_length(previous_hash) = 64),
    event_hash     text        COLLATE "C" NOT NULL CHECK (octet_length(event_hash) = 64),
    CONSTRAINT audit_events_pkey PRIMARY KEY (chain, seq),
    CONSTRAINT audit_events_id_key UNIQUE (id),
    CONSTRAINT audit_events_no_fork UNIQUE (chain, previous_hash),
    CONSTRAINT audit_events_years CHECK (
        least(recorded_at, "timestamp") >= '0001-01-01 00:00:00+00'
        AND greatest(recorded_at, "timestamp") < '10000-01-01 00:00:00+00'
    )
);

-- docs/postgresql.md says what each index is for, and why others are not there.
CREATE INDEX audit_events_time ON audit_events ("timestamp", chain, seq);
CREATE INDEX audit_events_user ON audit_events (user_id, "timestamp") WHERE user_id IS NOT NULL;
CREATE INDEX audit_events_type ON audit_events (event_type, "timestamp");
CREATE INDEX audit_events_resource ON audit_events (resource_type, resource_id);
CREATE INDEX audit_events_request ON audit_events (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX audit_events_details ON audit_events USING gin ((details::jsonb) jsonb_path_ops);

-- The last event of each chain. A writer locks the row, so a chain cannot fork; before the
-- first event everything but the name is null.
CREATE TABLE audit_chain_heads (
    chain        text   COLLATE "C" PRIMARY KEY CHECK (chain ~ '^[a-z0-9._/-]{1,255}$'),
    seq          bigint,
    event_hash   text   COLLATE "C",
    recorded_at  timestamptz,
    CHECK (num_nulls(seq, event_hash, recorded_at) IN (0, 3))
) WITH (fillfactor = 50);

-- Signed notes as format v1 has them in audit.checkpoints.jsonl.
CREATE TABLE audit_checkpoints (
    number      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chain       text        COLLATE "C" NOT NULL,
    size        bigint      NOT NULL CHECK (size > 0),
    note        text        COLLATE "C" NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX audit_checkpoints_size ON audit_checkpoints (chain, size);

-- Prune records as format v1 has them in audit.prunes.jsonl: events below pruned_to may go.
CREATE TABLE audit_prunes (
    chain       text        COLLATE "C" NOT NULL,
    pruned_to   bigint      NOT NULL CHECK (pruned_to > 0),
    record      text        COLLATE "C" NOT NULL CHECK (jsonb_typeof(record::jsonb) = 'object'),
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (chain, pruned_to)
);

-- The line of an event, byte for byte as the hash covers it.
CREATE FUNCTION audit_event_line(event audit_events) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN '{"v":' || event.v
    || ',"chain":' || to_json(event.chain)
    || ',"seq":' || event.seq
    || ',"id":"' || event.id
    || '","recorded_at":"'
    || to_char(event.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || '","timestamp":"'
    || to_char(event."timestamp" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || '","event_type":' || to_json(event.event_type)
    || ',"user_id":' || coalesce(to_json(event.user_id)::text, 'null')
    || ',"action":' || to_json(event.action)
    || ',"resource_type":' || to_json(event.resource_type)
    || ',"resource_id":' || to_json(event.resource_id)
    || ',"result":' || to_json(event.result)
    || ',"result_error":' || coalesce(to_json(event.result_error)::text, 'null')
    || ',"details":' || coalesce(event.details, 'null')
    || ',"ip_address":' || coalesce(to_json(event.ip_address)::text, 'null')
    || ',"user_agent":' || coalesce(to_json(event.user_agent)::text, 'null')
    || ',"request_id":' || coalesce(to_json(event.request_id)::text, 'null')
    || ',"previous_hash":' || to_json(event.previous_hash)
    || ',"event_hash":' || to_json(event.event_hash) || '}';

-- Append-only, for the owner too.

CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON audit_chain_heads
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_prunes
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

CREATE FUNCTION audit_check_deletion() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (
        SELECT FROM gone
        WHERE seq >= coalesce((SELECT max(pruned_to) FROM audit_prunes p WHERE p.chain = gone.chain), 0)
    ) THEN
        RAISE EXCEPTION 'audit_events is append-only: only what a prune record covers is deleted'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER only_pruned AFTER DELETE ON audit_events REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION audit_check_deletion();

CREATE FUNCTION audit_check_head() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.chain <> OLD.chain OR NEW.seq IS NULL OR NEW.seq <= OLD.seq OR NOT EXISTS (
        SELECT FROM audit_events e
        WHERE e.chain = NEW.chain AND e.seq = NEW.seq AND e.event_hash = NEW.event_hash
    ) THEN
        RAISE EXCEPTION 'the head of a chain moves only forward, to an event that is stored'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER only_forward AFTER UPDATE ON audit_chain_heads
    FOR EACH ROW EXECUTE FUNCTION audit_check_head();

CREATE FUNCTION audit_prune_events(pruned_chain text) RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    boundary bigint := (SELECT max(pruned_to) FROM audit_prunes WHERE chain = pruned_chain);
    deleted bigint;
BEGIN
    PERFORM FROM audit_chain_heads WHERE chain = pruned_chain AND seq >= boundary FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no prune record of % leaves its newest event', pruned_chain;
    END IF;
    DELETE FROM audit_events WHERE chain = pruned_chain AND seq < boundary;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END $$;

COMMENT ON FUNCTION audit_prune_events IS
    'Delete the events of a chain below its latest prune record; the newest event stays';

-- Roles without a login, shared by the databases of a server; grant them to those who log in.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['audit_writer', 'audit_reader', 'audit_retention'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = wanted);
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL;  -- a migration of another database was faster
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'role % is missing, and % may not create roles', wanted, current_user
                    USING ERRCODE = 'insufficient_privilege',
                    HINT = 'Let an administrator run: CREATE ROLE audit_writer NOLOGIN; '
                           'CREATE ROLE audit_reader NOLOGIN; CREATE ROLE audit_retention NOLOGIN';
        END;
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO audit_writer, audit_reader, audit_retention',
        current_schema());
END $$;

REVOKE ALL ON audit_events, audit_chain_heads, audit_checkpoints, audit_prunes FROM PUBLIC;
REVOKE ALL ON FUNCTION audit_prune_events FROM PUBLIC;
GRANT SELECT ON audit_events, audit_chain_heads, audit_checkpoints, audit_prunes
    TO audit_reader, audit_writer, audit_retention;
GRANT INSERT ON audit_events, audit_checkpoints TO audit_writer, audit_retention;
GRANT INSERT (chain) ON audit_chain_heads TO audit_writer, audit_retention;
GRANT UPDATE (seq, event_hash, recorded_at) ON audit_chain_heads TO audit_writer, audit_retention;
GRANT INSERT ON audit_prunes TO audit_retention;
GRANT EXECUTE ON FUNCTION audit_prune_events TO audit_retention;
