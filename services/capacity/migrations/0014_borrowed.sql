-- Hours that a firm reserved of others and uses as capacity of a group of its own. Its rows alone: whoever lends them does
-- not learn what for.

create table capacity.borrowed (
    -- who borrows: the group's supplier, and the reservation's holder
    supplier uuid not null,
    reservation_id uuid not null,
    lender uuid not null,
    -- null: of none any more
    group_id uuid,
    -- the reservation was given back, and the group's weeks may still have it
    due boolean not null default false,
    constraint borrowed_pkey primary key (supplier, reservation_id),
    constraint borrowed_group_fkey foreign key (supplier, group_id) references capacity.capacity_group (supplier, id),
    constraint borrowed_reservation_fkey foreign key (lender, reservation_id) references capacity.reservation (supplier, id),
    constraint borrowed_due_check check (group_id is not null or not due)
);
create index borrowed_group_idx on capacity.borrowed (supplier, group_id) where group_id is not null;
create index borrowed_due_idx on capacity.borrowed (supplier) where due;

alter table capacity.borrowed enable row level security;
alter table capacity.borrowed force row level security;
create policy owner_all on capacity.borrowed for all to tandem_owner using (true) with check (true);
create policy supplier_all on capacity.borrowed for all to tandem_app
    using (supplier = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (supplier = nullif(current_setting('tandem.firm', true), '')::uuid
        and exists (select from capacity.reservation r
                    where r.supplier = borrowed.lender and r.id = borrowed.reservation_id and r.holder = borrowed.supplier));
grant select, insert on capacity.borrowed to tandem_app;
grant update (group_id, due) on capacity.borrowed to tandem_app;

alter table capacity.capacity_week
    -- what reservations of others' capacity add to actual and maximum, in the group's unit
    add column borrowed numeric not null default 0,
    add constraint capacity_week_borrowed_check check (borrowed >= 0),
    drop constraint capacity_week_promised_once_check,
    -- Orders may be made in borrowed hours; what is offered is the firm's own.
    add constraint capacity_week_promised_once_check
        check (offered = 0 or overcommitted
            or coalesce(offered <= maximum and booked + offered <= maximum + borrowed, false));
grant update (borrowed) on capacity.capacity_week to tandem_app;

-- Whichever function gives a reservation back, and in whoever's tenant: its borrower's groups are matched anew.
create function capacity.borrowed_ends() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    update capacity.borrowed b set due = true
    where b.supplier = new.holder and b.reservation_id = new.id and b.group_id is not null;
    return null;
end
$$;
revoke all on function capacity.borrowed_ends() from public;
create trigger borrowed_ends after update of state on capacity.reservation
    for each row when (new.state = 'released') execute function capacity.borrowed_ends();

-- Firms whose groups may have hours that were given back: ids only, for the loop that works without a caller.
create function capacity.borrowers_due(most int) returns table (firm uuid)
language sql stable security definer set search_path = '' as $$
    select distinct b.supplier
    from capacity.borrowed b
    where b.due and exists (select from partners.active_firms(array[b.supplier]))
    order by 1
    limit most
$$;
revoke all on function capacity.borrowers_due(int) from public;
grant execute on function capacity.borrowers_due(int) to tandem_app;
