-- An accepted order counts in the unit of the demand that it is linked to: what is kept of a line is what was promised, in
-- the line's own unit, and matching converts it, so that a demand that is stated in another unit later finds it right.

alter table capacity.material_demand
    -- UN/ECE Recommendation 20, as in the version that stands; null where the sender omits it
    add column unit_code text;
grant update (unit_code) on capacity.material_demand to tandem_app;

alter table capacity.booked_line
    -- of the order's line; empty where it states none
    add column unit_code text not null default '';
grant update (unit_code) on capacity.booked_line to tandem_app;
comment on table capacity.booked_line is 'what accepted orders take, by schedule line and week, in the unit of the order';

alter table capacity.capacity_week
    -- schedule lines that are promised for the week in a unit that measures something else than the demand's: part of no
    -- figure
    add column uncounted_lines integer not null default 0,
    add constraint capacity_week_uncounted_lines_check check (uncounted_lines >= 0);
grant update (uncounted_lines) on capacity.capacity_week to tandem_app;
create index capacity_week_uncounted_idx on capacity.capacity_week (supplier, group_id, monday) where uncounted_lines > 0;

-- The unit of demands that were stated before, from what was kept of them: field 5 of DemandContent, whose fields stand in
-- the order of their numbers.
do $$
declare
    demand record;
    place int;
    tag int;
    bits int;
    octet int;
    size int;
begin
    for demand in
        select d.customer, d.id, v.content
        from capacity.material_demand d
        join capacity.demand_version v on v.customer = d.customer and v.demand_id = d.id and v.version = d.version
    loop
        place := 0;
        while place < length(demand.content) loop
            tag := get_byte(demand.content, place);
            exit when tag > 5 << 3 | 2;
            place := place + 1;
            size := 0;
            bits := 0;
            loop
                octet := get_byte(demand.content, place);
                place := place + 1;
                size := size | ((octet & 127) << bits);
                bits := bits + 7;
                exit when octet < 128;
            end loop;
            if tag = 5 << 3 | 2 then
                update capacity.material_demand d
                set unit_code = convert_from(substring(demand.content from place + 1 for size), 'UTF8')
                where d.customer = demand.customer and d.id = demand.id;
                exit;
            end if;
            place := place + size;
        end loop;
    end loop;
end
$$;

update capacity.booked_line b set unit_code = p.unit_code
from orders.placed_line p
where p.supplier = b.supplier and p.schedule_line_id = b.schedule_line_id;

-- Groups that counted an order in another unit are matched again, as if the demand had just arrived.
update capacity.demand_arrival a set matched_at = null
from capacity.material_demand d
where d.customer = a.customer and d.id = a.demand_id and d.version = a.version
    and exists (
        select from capacity.booked_line b
        where b.supplier = d.supplier and b.customer = d.customer
            and b.material_number_customer = d.material_number_customer and b.quantity > 0
            and b.unit_code <> '' and b.unit_code is distinct from d.unit_code);
