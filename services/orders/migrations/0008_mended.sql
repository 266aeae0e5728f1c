-- A document link speaks for a supplier without people of its own, and for nobody else: it ends when the placeholder is
-- accepted or its orders have gone to a claimant.
create or replace function orders.resolve_order_link(id text, sha256 bytea)
returns table (firm uuid, firm_name text, sandbox boolean, actor uuid, actor_name text, order_id uuid)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    return query
        select o.supplier, f.name, f.sandbox, l.actor, l.label, l.order_id
        from orders.order_link l
        join orders.purchase_order o on o.id = l.order_id and o.buyer = l.buyer
        join partners.firm_name f on f.id = o.supplier and f.state in ('placeholder', 'claimed')
        join partners.firm_name b on b.id = l.buyer and b.state = 'active'
        where l.id = resolve_order_link.id and l.sha256 = resolve_order_link.sha256
            and l.revoked_at is null and l.expires_at > now();
end
$$;

create or replace function orders.inspect_order_link(id text, sha256 bytea)
returns table (order_id uuid, order_number text, buyer_name text, supplier_name text, label text,
               expires_at timestamptz, ended boolean)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    return query
        select l.order_id, o.order_number, b.name, f.name, l.label, l.expires_at,
               l.revoked_at is not null or l.expires_at <= now()
                   or b.state <> 'active' or f.state not in ('placeholder', 'claimed')
        from orders.order_link l
        join orders.purchase_order o on o.id = l.order_id and o.buyer = l.buyer
        join partners.firm_name f on f.id = o.supplier
        join partners.firm_name b on b.id = l.buyer
        where l.id = inspect_order_link.id and l.sha256 = inspect_order_link.sha256;
end
$$;

-- The supplier left something unanswered again that was answered: the deadline that held before is looked at again. The
-- supplier moves nothing by it, and its passing is told once.
create function orders.watch_again(the_order uuid) returns void
language sql volatile security definer set search_path = '' as $$
    update orders.answer_deadline d set watched = true
    where d.order_id = the_order and not d.watched
        and d.supplier = nullif(pg_catalog.current_setting('tandem.firm', true), '')::uuid
        and not exists (select from orders.answer_overdue v
                        where v.order_id = d.order_id and v.buyer = d.buyer and v.due_on = d.due_on)
$$;
revoke all on function orders.watch_again(uuid) from public;
grant execute on function orders.watch_again(uuid) to tandem_app;

-- What was said of one schedule line, without reading all that was said of its order.
create index response_line_schedule_idx on orders.response_line (schedule_line_id);
create index proposal_schedule_idx on orders.proposal (schedule_line_id);
create index cancellation_schedule_idx on orders.cancellation (schedule_line_id);
