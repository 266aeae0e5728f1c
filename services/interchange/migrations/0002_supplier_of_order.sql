-- A document is shared with the supplier of the order that it became, and with nobody else.
alter policy buyer_insert on interchange.document
    with check (buyer = nullif(current_setting('tandem.firm', true), '')::uuid and supplier is null);
alter policy buyer_update on interchange.document
    with check (buyer = nullif(current_setting('tandem.firm', true), '')::uuid
        and (supplier is null or exists (
            select from orders.order_party p
            where p.order_id = document.order_id and p.buyer = document.buyer and p.supplier = document.supplier)));
