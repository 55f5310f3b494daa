-- The time stands behind the resource, as it does behind type, user and result: what happened to
-- one is there in the order of pages, and counts of a window of time need no row.

DROP INDEX audit_events_resource;
CREATE INDEX audit_events_resource ON audit_events (resource_type, resource_id, "timestamp");
