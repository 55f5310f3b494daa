-- What did not succeed is counted, and found, without looking at all that did.

CREATE INDEX audit_events_result ON audit_events (result, "timestamp") WHERE result <> 'success';
