-- Where the followers of feeds stand, for event.unread_upto: what they have not read does not go.
create function notices.feeds_read() returns table (feed uuid, seq bigint)
language sql stable set search_path = '' as $$
    select f.firm, f.seq from notices.follower f
$$;
revoke all on function notices.feeds_read() from public;
