-- Orders are found by parts of their number, of the items on their lines, and of the partner's name. The order keeps the words
-- of its number and its lines, and their parts, as chassis/src/search.rs cuts them; names of firms change, and are looked up
-- when they are asked for.

-- With a default, since processes of the version before publish without them meanwhile.
alter table orders.purchase_order
    add column search_text text not null default '',
    add column search_keys text[] not null default '{}';
comment on column orders.purchase_order.search_text is
    'words of its number and of the items on its lines as last published, folded, each once, with a space between two';
comment on column orders.purchase_order.search_keys is 'the parts of search_text by which the index finds it';
-- The buyer with a revision, and the supplier where it adopts one; as sites and purchasing_group.
grant update (search_text, search_keys) on orders.purchase_order to tandem_app;

-- Orders from before, by the rules of chassis/src/search.rs: runs of Chinese characters with their singles and pairs, runs of
-- letters and of digits with how they begin and their triples.
with said as (
    select o.id, o.buyer, t.text
    from orders.purchase_order o
    cross join lateral (
        select o.order_number
        union
        select v.text
        from orders.order_line l
        cross join lateral (values (l.buyer_item_id), (l.seller_item_id), (l.item_name)) v (text)
        where l.order_id = o.id and l.buyer = o.buyer and l.superseded is null
    ) t (text)
),
wide as (
    -- full-width forms, and those of ASCII in their place
    select string_agg(chr(65281 + n), '' order by n) as forms, string_agg(chr(33 + n), '' order by n) as plain
    from generate_series(0, 93) n
),
run as (
    select distinct s.id, s.buyer, m[1] as run,
           m[1] ~ '^[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]' as chinese
    from said s
    cross join wide w
    -- Chinese characters are letters, too, and are set apart first.
    cross join lateral regexp_replace(lower(translate(s.text, w.forms, w.plain)),
        '([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]+)', ' \1 ', 'g') t (text)
    cross join lateral regexp_matches(t.text, '[[:alpha:]]+|[[:digit:]\u00b2\u00b3\u00b9\u00bc-\u00be]+', 'g') m
),
key as (
    select distinct r.id, r.buyer, k.key
    from run r
    cross join lateral (
        select substr(r.run, n, 1) from generate_series(1, length(r.run)) n where r.chinese
        union
        select substr(r.run, n, 2) from generate_series(1, length(r.run) - 1) n where r.chinese
        union
        select '^' || left(r.run, n) from generate_series(1, 2) n where not r.chinese
        union
        select substr(r.run, n, 3) from generate_series(1, length(r.run) - 2) n where not r.chinese
    ) k (key)
),
word as (
    select r.id, r.buyer, string_agg(r.run, ' ' order by r.run collate "C") as words from run r group by r.id, r.buyer
),
keys as (
    select k.id, k.buyer, array_agg(k.key order by k.key collate "C") as keys from key k group by k.id, k.buyer
)
update orders.purchase_order o
set search_text = t.words, search_keys = k.keys
from word t
join keys k on k.id = t.id and k.buyer = t.buyer
where o.id = t.id and o.buyer = t.buyer;

-- By its firms, too, so that a search reads of the tenant's own orders alone, however many others have the same words. What
-- is published waits in a short list until some dozens go into the index together, which costs each a part of what going
-- alone would, and no publisher much at once.
create index purchase_order_search_idx on orders.purchase_order using gin (search_keys, (array[buyer, supplier]))
    with (gin_pending_list_limit = 256);

-- The tenant's partners whose names hold some of these words, by the words that are left for the order itself. Without the
-- tenant's own row security, which decides for each firm anew: a relationship is what lets a name be seen.
create function orders.named(as_buyer boolean, words text[]) returns table (rest text[], firms uuid[])
language plpgsql stable security definer set search_path = ''
-- by the index of the tenant's side, and then as many firms as it has partners
set plan_cache_mode = force_custom_plan set enable_hashjoin = on set enable_seqscan = on as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return query
    select f.rest, array_agg(f.firm)
    from (
        select n.id as firm,
               array(select w.word from unnest(words) w (word)
                     where lower(n.name || ' ' || n.name_en) not like '%' || w.word || '%' order by w.word) as rest
        from partners.trading_partner p
        join partners.firm_name n on n.id = case when as_buyer then p.supplier else p.buyer end
        where (as_buyer and p.buyer = me) or (not as_buyer and p.supplier = me)
    ) f
    where cardinality(f.rest) < cardinality(words)
    group by f.rest;
end
$$;

-- Ids of at most so many of the tenant's orders that have all of these keys and words, of these partners. Null: no condition. The
-- policies of a table keep its index from what is compared by more than equality.
create function orders.found(as_buyer boolean, keys text[], words text[], firms uuid[], most bigint) returns table (id uuid)
language plpgsql stable security definer set search_path = ''
-- which index is best depends on what is asked for: of what many have, the first that come by the tenant's own will do
set plan_cache_mode = force_custom_plan set enable_seqscan = off as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    -- words are letters, digits and Chinese characters alone
    patterns constant text[] := array(select '%' || w.word || '%' from unnest(words) w (word));
    -- of more than so many, the tenant's own are read and looked at one by one
    few constant int := 100;
begin
    return query
    select o.id
    from orders.purchase_order o
    where array[o.buyer, o.supplier] @> array[me]
        and case when as_buyer then o.buyer else o.supplier end = me
        and (keys is null or o.search_keys @> keys)
        and o.search_text like all (patterns)
        and (firms is null or case when as_buyer then o.supplier else o.buyer end = any (firms))
        and (firms is null or cardinality(firms) > few or array[o.buyer, o.supplier] && firms)
    limit most;
end
$$;

revoke all on function orders.named(boolean, text[]), orders.found(boolean, text[], text[], uuid[], bigint) from public;
grant execute on function orders.named(boolean, text[]), orders.found(boolean, text[], text[], uuid[], bigint) to tandem_app;
