-- For definer functions of other services: who may see what is shared with a cluster.
create view partners.cluster_membership with (security_invoker = true) as
    select m.cluster, m.firm from partners.cluster_member m where m.state = 'joined';
comment on view partners.cluster_membership is 'who joined which cluster; for definer functions of other services';
