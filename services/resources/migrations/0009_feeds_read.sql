-- Where the followers of feeds stand, for event.unread_upto: what they have not read does not go.
create function resources.feeds_read() returns table (feed uuid, seq bigint)
language sql stable set search_path = '' as $$
    select p.owner, p.seq from resources.feed_place p
$$;
revoke all on function resources.feeds_read() from public;
