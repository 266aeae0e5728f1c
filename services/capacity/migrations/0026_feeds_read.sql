-- Where the followers of feeds stand, for event.unread_upto: what they have not read does not go.
create function capacity.feeds_read() returns table (feed uuid, seq bigint)
language sql stable set search_path = '' as $$
    select p.supplier, p.seq from capacity.feed_place p
$$;
revoke all on function capacity.feeds_read() from public;

comment on table capacity.feed_place is
    'from the first group on, and then from the beginning of the feed: orders that were accepted before count too, as they stand where the feed does not reach back';
