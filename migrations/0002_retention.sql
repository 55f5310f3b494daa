-- Legal holds beside the log, and deletion in batches that no writer waits for.

-- Changes of holds as format v1 has them in audit.holds.jsonl.
CREATE TABLE audit_holds (
    number      bigint       GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    change      text         COLLATE "C" NOT NULL CHECK (jsonb_typeof(change::jsonb) = 'object'),
    created_at  timestamptz  NOT NULL DEFAULT clock_timestamp()
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_holds
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

-- The head moves only forward, so it is read without a lock. Who deletes in batches says
-- where each begins: to look for the first event that is left would pass all that went.
DROP FUNCTION audit_prune_events(text);
CREATE FUNCTION audit_prune_events(
    pruned_chain text, first_seq bigint DEFAULT 0, end_seq bigint DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    boundary bigint := (SELECT max(pruned_to) FROM audit_prunes WHERE chain = pruned_chain);
    deleted bigint;
BEGIN
    PERFORM FROM audit_chain_heads WHERE chain = pruned_chain AND seq >= boundary;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no prune record of % leaves its newest event', pruned_chain;
    END IF;
    DELETE FROM audit_events
    WHERE chain = pruned_chain AND seq >= first_seq AND seq < least(boundary, end_seq);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END $$;

COMMENT ON FUNCTION audit_prune_events IS
    'Delete events of a chain below its latest prune record, from one seq up to another; '
    'the newest event stays';

REVOKE ALL ON audit_holds FROM PUBLIC;
REVOKE ALL ON FUNCTION audit_prune_events FROM PUBLIC;
GRANT SELECT ON audit_holds TO audit_reader, audit_writer, audit_retention;
GRANT INSERT ON audit_holds TO audit_retention;
GRANT EXECUTE ON FUNCTION audit_prune_events TO audit_retention;
