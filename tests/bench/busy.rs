//! What years of business leave behind: orders that bare inserts wrote are answered, promised, proposed about, asked to change
//! and reminded of, each in such a share that its list finds some among very many.

use harness::{World, date, decimal};
use prost::Message as _;
use proto::orders::{Propose, ProposedDelivery};

use crate::bare;

/// Orders that were answered, and how. States are those of tandem.orders.v1.OrderState.
const TABLE: &str = "create temporary table answered (order_id uuid, buyer uuid, supplier uuid, schedule_line_id uuid, \
    place bigint, turn bigint, day date, state smallint, accepted numeric, rejected numeric, proposed numeric, \
    cancelled numeric) on commit drop";

/// All but the newest of each buyer, $1 of $2 orders. Of 250 one is rejected, one cancelled, and one accepted in part; one of
/// a thousand is proposed about, which is work and not history. Days lie within about three years, of which three months are
/// still to come; their number is a prime, so that each day has orders of every kind.
const ANSWERED: &str = "insert into answered \
    select s.order_id, s.buyer, s.supplier, q.schedule_line_id, s.place, s.place % 250, \
        current_date + 90 - (s.place % 1187)::int, coalesce(o.state, 3), coalesce(o.accepted, 100), \
        coalesce(o.rejected, 0), coalesce(o.proposed, 0), coalesce(o.cancelled, 0) \
    from (select order_id, buyer, supplier, row_number() over (partition by buyer order by order_id) as place, \
              count(*) over (partition by buyer) as orders \
          from orders.order_state) s \
    join orders.schedule_state q on q.order_id = s.order_id and q.buyer = s.buyer \
    left join (values (1, 2, 0, 0, 100, 0), (2, 5, 0, 100, 0, 0), (3, 6, 0, 0, 0, 100), (4, 4, 60, 40, 0, 0)) \
        as o (turn, state, accepted, rejected, proposed, cancelled) \
        on o.turn = s.place % 250 and (o.proposed = 0 or s.place % 1000 = o.turn) \
    where s.place <= s.orders - s.orders * $1 / $2";

const STATES: &str = "update orders.order_state s \
    set state = a.state, unanswered_lines = 0, proposed_lines = (a.proposed > 0)::int, requested_date = a.day, \
        version = s.version + 1 \
    from answered a where s.order_id = a.order_id and s.buyer = a.buyer";

/// Of 250 one was agreed on by a proposal, so that the buyer's own system says something else.
const QUANTITIES: &str = "update orders.schedule_state q \
    set unanswered = 0, accepted = a.accepted, rejected = a.rejected, proposed = a.proposed, cancelled = a.cancelled, \
        agreed_differs = a.turn = 5 \
    from answered a where q.schedule_line_id = a.schedule_line_id and q.buyer = a.buyer";

/// Within a day.
const ANSWERS: &str = "insert into orders.response (id, order_id, buyer, supplier, revision, version, note, actor_name, at) \
    select gen_random_uuid(), a.order_id, a.buyer, a.supplier, 1, 2, '', 'bench', \
        least(o.published_at + interval '20 hours', now()) \
    from answered a join orders.purchase_order o on o.id = a.order_id and o.buyer = a.buyer";

const PROMISES: &str = "insert into orders.promise (schedule_line_id, order_id, buyer, supplier, committed_date, at) \
    select schedule_line_id, order_id, buyer, supplier, day, now() from answered where accepted > 0";

/// Of what was promised for the last weeks all but one of 50 is ready to ship, stage 5 of tandem.orders.v1.ProgressStage:
/// what is late is looked for among what is not.
const READY: &str = "with told as ( \
        update orders.order_state s set version = s.version + 1 from answered a \
        where s.order_id = a.order_id and s.buyer = a.buyer and a.accepted > 0 and a.place % 50 <> 0 \
            and a.day between current_date - 60 and current_date + 1 \
        returning s.order_id, s.buyer, s.supplier, s.version, a.schedule_line_id) \
    insert into orders.progress (order_id, buyer, supplier, version, schedule_line_id, stage, note, actor_name, at) \
    select order_id, buyer, supplier, version, schedule_line_id, 5, '', 'bench', now() from told";

const PROPOSALS: &str = "insert into orders.proposal (id, order_id, buyer, supplier, version, response_id, \
        schedule_line_id, covers, content, at) \
    select gen_random_uuid(), a.order_id, a.buyer, a.supplier, s.version, gen_random_uuid(), a.schedule_line_id, \
        a.proposed, $1, now() \
    from answered a join orders.order_state s on s.order_id = a.order_id and s.buyer = a.buyer \
    where a.proposed > 0";

/// Of 5,000 one waits for its supplier's consent to other values, kind 1 of tandem.orders.v1.PendingKind.
const CHANGES: &str = "with told as ( \
        update orders.order_state s set version = s.version + 1 from answered a \
        where s.order_id = a.order_id and s.buyer = a.buyer and a.place % 5000 = 6 \
        returning s.order_id, s.buyer, s.supplier, s.version) \
    insert into orders.pending_change (id, order_id, buyer, supplier, version, kind, content, whole, difference, \
        reason, note, actor_name, frozen_until, at) \
    select gen_random_uuid(), order_id, buyer, supplier, version, 1, ''::bytea, false, ''::bytea, 0, \
        '', 'bench', current_date + 14, now() \
    from told";

/// Answers that wait were or are due between three weeks ago and six weeks from now. No sweep looks at them: none is told as
/// overdue while pages are read.
const DUE: &str = "update orders.answer_deadline d set due_on = w.due_on, watched = false \
    from (select order_id, buyer, \
              current_date - 20 + (row_number() over (partition by buyer order by order_id) % 61)::int as due_on \
          from orders.order_state where unanswered_lines > 0) w \
    where d.order_id = w.order_id and d.buyer = w.buyer";

const WANTED: &str = "update orders.order_state set requested_date = answer_due + 30, version = version + 1 \
    where unanswered_lines > 0";

/// A third of what waits was reminded of.
const REMINDERS: &str = "with told as ( \
        update orders.order_state s set version = s.version + 1 \
        from (select order_id, buyer, row_number() over (order by order_id) as place \
              from orders.order_state where unanswered_lines > 0) w \
        where s.order_id = w.order_id and s.buyer = w.buyer and w.place % 3 = 0 \
        returning s.order_id, s.buyer, s.supplier, s.version) \
    insert into orders.reminder (id, order_id, buyer, supplier, version, message, automatic, actor_name, sent_at) \
    select gen_random_uuid(), order_id, buyer, supplier, version, '', false, 'bench', now() from told";

/// Of three reminders one is only sent, one delivered, and one opened.
const RECEIPTS: &str = "insert into orders.reminder_receipt \
        (reminder_id, order_id, buyer, supplier, delivered_at, opened_at, opened_by) \
    select id, order_id, buyer, supplier, now(), case turn when 2 then now() end, \
        case turn when 2 then 'bench' else '' end \
    from (select r.*, row_number() over (order by r.id) % 3 as turn from orders.reminder r) told \
    where turn > 0";

/// Lets years pass over all orders, each of one schedule line of 100, of which at most so many still wait for an answer, the
/// newest of each buyer; how many orders there are.
pub async fn years(world: &World, waiting: usize) -> anyhow::Result<i64> {
    // Nobody else may make tables, and no statement of a service lasts as long.
    let pool = bare::superuser(world, 1).await?;
    let mut tx = pool.begin().await?;
    let orders: i64 =
        sqlx::query_scalar("select count(*) from orders.order_state").fetch_one(&mut *tx).await?;
    sqlx::query(TABLE).execute(&mut *tx).await?;
    let waiting = (waiting as i64).min(orders / 10);
    sqlx::query(ANSWERED).bind(waiting).bind(orders).execute(&mut *tx).await?;
    for statement in ["analyze answered", STATES, QUANTITIES, ANSWERS, PROMISES] {
        sqlx::query(statement).execute(&mut *tx).await?;
    }
    sqlx::query(PROPOSALS).bind(proposal()).execute(&mut *tx).await?;
    for statement in [READY, CHANGES, DUE, WANTED, REMINDERS, RECEIPTS] {
        sqlx::query(statement).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    pool.close().await;
    Ok(orders)
}

/// Tidies all tables and counts anew what is in them, as a database does by itself in time.
pub async fn tidy(world: &World) -> anyhow::Result<()> {
    let pool = bare::superuser(world, 1).await?;
    sqlx::raw_sql("vacuum analyze").execute(&pool).await?;
    pool.close().await;
    Ok(())
}

/// All of the ordered quantity, some weeks later.
fn proposal() -> Vec<u8> {
    let later = ProposedDelivery { quantity: Some(decimal("100")), delivery_date: Some(date("2027-02-26")) };
    Propose { covers_quantity: Some(decimal("100")), deliveries: vec![later], ..Propose::default() }
        .encode_to_vec()
}
