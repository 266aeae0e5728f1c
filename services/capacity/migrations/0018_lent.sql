-- Hours that a firm lends are load of the week that they are taken from, as those that it borrows are capacity.

alter table capacity.capacity_week
    -- what customers want of it: demand without what is lent, which is all that they may see
    add column wanted numeric,
    -- what firms confirmed or used of what is offered of it, in the group's unit
    add column lent numeric not null default 0,
    add constraint capacity_week_lent_check check (lent >= 0);
update capacity.capacity_week set wanted = demand where demand is not null;
grant update (wanted, lent) on capacity.capacity_week to tandem_app;
comment on column capacity.capacity_week.demand is
    'what customers want and what is lent; load of order lines in hours that they reserved counts once';

-- Marked in the reservation's own row, so that those who confirm and release wait for nobody; the lender's groups are
-- matched anew after it.
alter table capacity.reservation
    -- what is lent of the group began or ended, and its weeks may not say so yet
    add column lent_due boolean not null default false;
update capacity.reservation set lent_due = true
where state in ('confirmed', 'consumed') or (state = 'released' and order_id is not null);
create index reservation_lent_due_idx on capacity.reservation (supplier, id) where lent_due;
-- Of those that were given back, hours that were used before stay taken.
create index reservation_lent_idx on capacity.reservation (supplier, offer_id)
    where state in ('confirmed', 'consumed') or (state = 'released' and order_id is not null);
drop index capacity.reservation_consumed_idx;
grant update (lent_due) on capacity.reservation to tandem_app;

create function capacity.lending_turns() returns trigger
language plpgsql set search_path = '' as $$
begin
    new.lent_due := true;
    return new;
end
$$;
revoke all on function capacity.lending_turns() from public;
create trigger lending_turns before update of state on capacity.reservation
    for each row when ((old.state in ('confirmed', 'consumed')) <> (new.state in ('confirmed', 'consumed')))
    execute function capacity.lending_turns();

-- Firms whose groups may not say yet what they lend: ids only, for the loop that works without a caller.
create function capacity.lenders_due(most int) returns table (firm uuid)
language sql stable security definer set search_path = '' as $$
    select distinct r.supplier
    from capacity.reservation r
    where r.lent_due and exists (select from partners.active_firms(array[r.supplier]))
    order by 1
    limit most
$$;
revoke all on function capacity.lenders_due(int) from public;
grant execute on function capacity.lenders_due(int) to tandem_app;
