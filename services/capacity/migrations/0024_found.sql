-- Offers are found by what they say: process, machine, note, materials and certificates. The content is a message; the texts of
-- one are read out of it here, so that offers of the version before are found by theirs, too, and what that version writes
-- meanwhile.

-- Texts that stand in these fields of a message, with a space between two.
create function capacity.texts_of(message bytea, fields int[]) returns text
language plpgsql immutable parallel safe set search_path = '' as $$
declare
    texts text[] := '{}';
    place int := 0;
    -- of the value that comes next; null where a field begins
    field bigint;
    kind bigint;
    number bigint;
    part int;
    bits int;
begin
    while place < length(message) loop
        -- seven bits a byte, the lowest first; the last byte is below 128
        number := 0;
        bits := 0;
        loop
            part := get_byte(message, place);
            place := place + 1;
            number := number | ((part & 127)::bigint << bits);
            bits := bits + 7;
            exit when part < 128;
        end loop;
        if field is null then
            field := number >> 3;
            kind := number & 7;
            if kind in (1, 5) then
                place := place + case kind when 1 then 8 else 4 end;
                field := null;
            end if;
        else
            -- a length, and so many bytes; other values are numbers, and passed already
            if kind = 2 then
                if field = any (fields) then
                    texts := texts || convert_from(substring(message from place + 1 for number::int), 'UTF8');
                end if;
                place := place + number::int;
            end if;
            field := null;
        end if;
    end loop;
    return array_to_string(texts, ' ');
end
$$;
revoke all on function capacity.texts_of(bytea, int[]) from public;
-- Whoever writes an offer writes what is made of its content.
grant execute on function capacity.texts_of(bytea, int[]) to tandem_app;

alter table capacity.offer
    add column texts text not null generated always as (capacity.texts_of(content, '{1,2,3,5,9}')) stored;
comment on column capacity.offer.texts is
    'process, machine, materials, certificates and note of tandem.capacity.v1.OfferContent, by which it is found';

-- Offers of others that the tenant may see and that stand, by id, with all of these words in what they say or in their
-- supplier's name. No words: all of them.
create function capacity.offers_found(only_supplier uuid, words text[], after uuid, most bigint)
returns table (supplier uuid, id uuid, version bigint, content bytea, unit_code text, hold_seconds int, withdrawn boolean,
               published_at timestamptz, changed_at timestamptz)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    wanted constant text[] := array(select distinct lower(normalize(w.word, nfkc)) from unnest(words) w (word));
begin
    return query
    select o.supplier, o.id, o.version, o.content, o.unit_code, o.hold_seconds, o.withdrawn, o.published_at, o.changed_at
    from capacity.offer o
    where (only_supplier is null or o.supplier = only_supplier) and (after is null or o.id > after) and not o.withdrawn
        -- what an offer says is put together once, whatever the number of words, and not at all without one
        and (wanted = '{}' or (
            select not exists (select from unnest(wanted) w (word) where strpos(t.said, w.word) = 0)
            from (select lower(normalize(concat_ws(' ', o.texts,
                      (select n.name || ' ' || n.name_en from partners.firm_name n
                       where n.id = o.supplier and n.state = 'active')), nfkc)) as said offset 0) t))
        and capacity.sees_offer(o, me)
    order by o.id
    limit most;
end
$$;
revoke all on function capacity.offers_found(uuid, text[], uuid, bigint) from public;
grant execute on function capacity.offers_found(uuid, text[], uuid, bigint) to tandem_app;
