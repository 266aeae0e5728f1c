-- A buyer sends orders to its partners alone, and agrees on terms with them alone, whatever a service asks for.

-- One look into an index for each order, none for its lines.
alter policy buyer_insert on orders.purchase_order
    with check (buyer = nullif(current_setting('tandem.firm', true), '')::uuid
        and exists (select from partners.open_supplier o where o.supplier = purchase_order.supplier));

alter policy buyer_insert on orders.terms
    with check (buyer = nullif(current_setting('tandem.firm', true), '')::uuid
        and (supplier is null or exists (
            select from orders.trading_pair p where p.buyer = terms.buyer and p.supplier = terms.supplier)));
alter policy buyer_insert on orders.tolerance_rule
    with check (buyer = nullif(current_setting('tandem.firm', true), '')::uuid
        and (supplier is null or exists (
            select from orders.trading_pair p
            where p.buyer = tolerance_rule.buyer and p.supplier = tolerance_rule.supplier)));

-- For other services, which keep rows of both firms of an order.
create view orders.order_party with (security_invoker = true) as
    select o.id as order_id, o.buyer, o.supplier from orders.purchase_order o
    union all
    select c.order_id, c.buyer, c.previous_supplier from orders.supplier_change c;
comment on view orders.order_party is
    'the two firms of each order that the tenant may see; a placeholder that was claimed counts for the orders that it had';
grant select on orders.order_party to tandem_app;
