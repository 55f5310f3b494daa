-- Only audit_prune_events deletes, and only the beginning of a chain.

-- Where each chain begins: the trigger below deleted all before. Without it each batch of a
-- prune would look for an event among all that went before, and take longer than the last.
CREATE TABLE audit_chain_starts (
    chain      text    COLLATE "C" PRIMARY KEY,
    first_seq  bigint  NOT NULL
) WITH (fillfactor = 50);

CREATE TRIGGER only_by_deletion BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON audit_chain_starts
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_refuse_change();

CREATE OR REPLACE FUNCTION audit_check_deletion() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
    callers text;
    batch record;
    start bigint;
BEGIN
    GET DIAGNOSTICS callers = PG_CONTEXT;
    IF position('audit_prune_events(text,bigint,bigint)' IN callers) = 0 THEN
        RAISE EXCEPTION 'audit_events is append-only: only audit_prune_events deletes'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    FOR batch IN SELECT chain, max(seq) AS last_seq FROM gone GROUP BY chain LOOP
        IF batch.last_seq >= coalesce(
            (SELECT max(pruned_to) FROM audit_prunes WHERE chain = batch.chain), 0
        ) THEN
            RAISE EXCEPTION 'audit_events is append-only: only what a prune record covers is deleted'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        start := coalesce(
            (SELECT first_seq FROM audit_chain_starts WHERE chain = batch.chain), 0);
        IF EXISTS (
            SELECT FROM audit_events
            WHERE chain = batch.chain AND seq BETWEEN start AND batch.last_seq
        ) THEN
            RAISE EXCEPTION 'audit_events is append-only: only the beginning of % is deleted',
                batch.chain USING ERRCODE = 'insufficient_privilege';
        END IF;
        INSERT INTO audit_chain_starts AS known VALUES (batch.chain, batch.last_seq + 1)
        ON CONFLICT (chain) DO UPDATE SET first_seq = greatest(known.first_seq, excluded.first_seq);
    END LOOP;
    RETURN NULL;
END $$;

REVOKE ALL ON audit_chain_starts FROM PUBLIC;
GRANT SELECT ON audit_chain_starts TO audit_reader, audit_writer, audit_retention;
