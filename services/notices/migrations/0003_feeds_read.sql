-- Where the followers of feeds stand, for event.unread_upto: what they have not read does not go.
create function notices.feeds_read() returns table (feed uuid, seq bigint)
language sql stable set search_path = '' as $$
    select f.firm, f.seq from notices.follower f
$$;
revoke all on function notices.feeds_read() from public;

-- Rows of before have a state that was one before. In a transaction of its own, so that nobody waits for the look at them.
alter table notices.delivery validate constraint delivery_state_check;
