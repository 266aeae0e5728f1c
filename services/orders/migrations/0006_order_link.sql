-- Document links: one order for a supplier without an account.

create table orders.order_link (
    -- the visible part of the token
    id text not null,
    order_id uuid not null,
    buyer uuid not null,
    -- what answers and events name as the actor; ordered by time
    actor uuid not null,
    -- of the whole token, which stands nowhere; not granted to tandem_app
    sha256 bytea not null,
    label text not null,
    created_by text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    constraint order_link_pkey primary key (id, buyer),
    constraint order_link_expiry_check check (expires_at <= created_at + interval '30 days')
);
create index order_link_order_idx on orders.order_link (order_id, actor);

alter table orders.order_link enable row level security;
alter table orders.order_link force row level security;
create policy owner_all on orders.order_link for all to tandem_owner using (true) with check (true);
-- The supplier is whoever the order belongs to now, so that a claimant sees the links that were made before.
create policy two_firms_read on orders.order_link for select to tandem_app
    using (buyer = nullif(current_setting('tandem.firm', true), '')::uuid
        or exists (select from orders.purchase_order o
                   where o.id = order_link.order_id and o.buyer = order_link.buyer
                       and o.supplier = nullif(current_setting('tandem.firm', true), '')::uuid));
create policy buyer_insert on orders.order_link for insert to tandem_app
    with check (buyer = nullif(current_setting('tandem.firm', true), '')::uuid
        and exists (select from orders.purchase_order o
                    where o.id = order_link.order_id and o.buyer = order_link.buyer));
create policy two_firms_update on orders.order_link for update to tandem_app
    using (buyer = nullif(current_setting('tandem.firm', true), '')::uuid
        or exists (select from orders.purchase_order o
                   where o.id = order_link.order_id and o.buyer = order_link.buyer
                       and o.supplier = nullif(current_setting('tandem.firm', true), '')::uuid))
    with check (buyer = nullif(current_setting('tandem.firm', true), '')::uuid
        or exists (select from orders.purchase_order o
                   where o.id = order_link.order_id and o.buyer = order_link.buyer
                       and o.supplier = nullif(current_setting('tandem.firm', true), '')::uuid));
grant select (id, order_id, buyer, actor, label, created_by, created_at, expires_at, revoked_at), insert
    on orders.order_link to tandem_app;
grant update (revoked_at) on orders.order_link to tandem_app;

-- The caller behind a document link; nothing where it does not work, for whatever reason. The firm is the order's
-- supplier of this moment. A placeholder that was just claimed still has the order until it is moved.
create function orders.resolve_order_link(id text, sha256 bytea)
returns table (firm uuid, firm_name text, sandbox boolean, actor uuid, actor_name text, order_id uuid)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    return query
        select o.supplier, f.name, f.sandbox, l.actor, l.label, l.order_id
        from orders.order_link l
        join orders.purchase_order o on o.id = l.order_id and o.buyer = l.buyer
        join partners.firm_name f on f.id = o.supplier and f.state in ('placeholder', 'claimed', 'active')
        join partners.firm_name b on b.id = l.buyer and b.state = 'active'
        where l.id = resolve_order_link.id and l.sha256 = resolve_order_link.sha256
            and l.revoked_at is null and l.expires_at > now();
end
$$;

-- What a link is for. Whoever knows the token's hash holds the link.
create function orders.inspect_order_link(id text, sha256 bytea)
returns table (order_id uuid, order_number text, buyer_name text, supplier_name text, label text,
               expires_at timestamptz, ended boolean)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    return query
        select l.order_id, o.order_number, b.name, f.name, l.label, l.expires_at,
               l.revoked_at is not null or l.expires_at <= now()
                   or b.state <> 'active' or f.state not in ('placeholder', 'claimed', 'active')
        from orders.order_link l
        join orders.purchase_order o on o.id = l.order_id and o.buyer = l.buyer
        join partners.firm_name f on f.id = o.supplier
        join partners.firm_name b on b.id = l.buyer
        where l.id = inspect_order_link.id and l.sha256 = inspect_order_link.sha256;
end
$$;
revoke all on function orders.resolve_order_link(text, bytea), orders.inspect_order_link(text, bytea) from public;
grant execute on function orders.resolve_order_link(text, bytea), orders.inspect_order_link(text, bytea) to tandem_app;
