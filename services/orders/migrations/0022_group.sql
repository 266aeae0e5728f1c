-- Lists of purchasing groups: of a few years' orders one group has most and another a handful, and what sorts a list led through
-- all of them to those. By date, so that the page of a group is read as it stands; with what row-level security asks for, so
-- that whether a group has few orders is seen in the index alone.
set local lock_timeout = '3s';
create index purchase_order_group_idx
    on orders.purchase_order (buyer, purchasing_group, published_at desc, id desc) include (supplier);
create index purchase_order_supplier_group_idx
    on orders.purchase_order (supplier, purchasing_group, published_at desc, id desc) include (buyer);
