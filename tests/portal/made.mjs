// What pages are about: orders, links, offers, resources and the like in each state that a page shows. Made through the
// API where it can be, so that nothing here hangs on what other tests left.

import { INVITED, makeLink } from './buying.mjs';
import { monday } from './capacity.mjs';
import { inDays, portal, publish, sandbox, says, visit } from './browser.mjs';
import { call, linyi, offer } from './requests.mjs';

const { anchors: [chengyu, , yuanzhang], suppliers: [shunmo], operator } = sandbox;
const stamp = Date.now().toString(36).toUpperCase();

/** An order of the buyer, by its id. */
async function ordered(options) {
  const orderNumber = publish(options);
  const { orders: [one] } = await call(chengyu, 'OrderService/ListOrders', { side: 'SIDE_BUYER', orderNumber }, 'orders');
  return { id: one.id, number: orderNumber };
}

/** Accepts an order on its page, or on that of a document link. */
const accept = (who, path) => visit(who, { javaScriptEnabled: false }, async (page) => {
  await page.goto(`${portal}${path}/accept`);
  await page.click('button:text-is("确认接受")');
  await says(page, '答复已送达');
});

/** The token of a document link to an order of a supplier without an account. */
async function handedOut() {
  const { id } = await ordered({ supplier: { firm: INVITED } });
  const link = await visit(chengyu, {}, (page) => makeLink(page, `/orders/${id}`, '何姐'));
  return { order: id, token: new URL(link).pathname.split('/').pop() };
}

/** Orders that wait, are accepted, are answered otherwise, are held, and are handed out. */
async function orders() {
  const [asked, accepted, proposed, held] = [await ordered(), await ordered(), await ordered(), await ordered()];
  await accept(shunmo, `/orders/${accepted.id}`);
  await visit(shunmo, {}, async (page) => {
    await page.goto(`${portal}/orders/${proposed.id}/change`);
    await page.fill('#q-0', '16000');
    await page.check('#rest-0');
    await page.fill('#d2-0', inDays(42));
    await page.click('button:text-is("提交答复")');
    await says(page, '答复已送达');
  });
  await call(chengyu, 'OrderChangeService/HoldOrder', { orderId: held.id, reason: 'HOLD_REASON_DEMAND' }, 'orders');
  const [document, delivered] = [await handedOut(), await handedOut()];
  await accept(null, `/d/${delivered.token}`);
  return { asked, accepted: accepted.id, proposed: proposed.id, held: held.id, document, delivered: delivered.token };
}

/** Tables as they go out, with something written into their first line: what is wrong, and what is changed. */
async function tables({ id, number }) {
  const table = (name, lines) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(lines.join('\n')) });
  const written = (lines, cells) => lines.map((line) => {
    const all = line.split(',');
    // Of the lines of the order, the first: no cell of these holds a comma.
    if (line.includes(number)) for (const [column, text] of Object.entries(cells)) all[column] = text;
    return all.join(',');
  });
  const read = (who, path) => visit(who, {}, async (page, context) => (
    (await (await context.request.get(portal + path)).text()).split('\n')));
  const answers = await read(shunmo, `/inbox/sheets/export?order=${id}&format=csv`);
  const changes = await read(chengyu, `/purchases/export?q=${number}&format=csv`);
  return {
    none: { name: '乱.xlsx', mimeType: 'application/octet-stream', buffer: Buffer.from('PK\x03\x04 nothing') },
    answers: table('待答复.csv', written(answers, { 10: 'propose', 11: 'many' })),
    changes: table('采购订单.csv', written(changes, { 10: '20001' })),
    wrong: table('采购订单.csv', written(changes, { 10: 'many' })),
    // One that may be published, and one of which a row is wrong.
    orders: table('新订单.csv', ['采购订单号,供应商编码,币种,含税,物料名称,数量,单位,单价,要求交期',
      ...[`${number}N,V10027`, `${number}M,V10027`].map((order, at) => `${order},CNY,否,箱盖,${at ? 'many' : 500},个,2.3,${inDays(40)}`)]),
  };
}

/** People, partners and what is set up of the buyer's firm; what the operator runs. */
async function firms() {
  const partners = (who, method, body) => call(who, method, body, 'partners');
  const { members } = await partners(chengyu, 'MemberService/ListMembers', { pageSize: 100 });
  const member = (name) => members.find((one) => one.name === name).id;
  const link = await partners(chengyu, 'MemberService/CreateSignInLink', { memberId: member('李强') });
  const invited = await partners(chengyu, 'RelationshipService/InviteSupplier', { name: `受邀供应商 ${stamp}`, vendorNumber: `PL${stamp}` });
  const row = { name: `受邀供应商 ${stamp}`, vendorNumber: `PM${stamp}`, mail: 'he@example.invalid' };
  const { results: [coded] } = await partners(chengyu, 'InvitationService/InviteSuppliers', { rows: [row] });
  const { relationships } = await partners(chengyu, 'RelationshipService/ListRelationships', { pageSize: 100 });
  const cluster = await partners(operator, 'ClusterService/CreateCluster', { name: `产业集群 ${stamp}` });
  await partners(operator, 'ClusterService/InviteToCluster', { clusterId: cluster.id, firmId: chengyu.firm });
  const soon = (days) => new Date(Date.now() + days * 86_400_000).toISOString();
  const announcement = { kind: 'ANNOUNCEMENT_KIND_NOTICE', textZh: '新版手册', shownFrom: soon(20), shownUntil: soon(21) };
  const told = await partners(operator, 'OperatorService/PublishAnnouncement', { announcement });
  // Nobody is told by either: one has no kind that occurs here, the other is switched off.
  const channel = await call(chengyu, 'NoticeService/CreateChannel', {
    channel: { medium: 'MEDIUM_WECOM', name: `采购群 ${stamp}`, kinds: ['NOTICE_KIND_ADMIN_RESET'] },
    address: 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aac',
  }, 'notices');
  const webhook = { name: `ERP ${stamp}`, url: 'http://127.0.0.1:9/hook', mode: 'WEBHOOK_MODE_ORDERED', disabled: true };
  const { webhook: { id } } = await call(chengyu, 'WebhookService/CreateWebhook', { webhook }, 'stream');
  const token = (path) => path.split('/').pop();
  return {
    member: member('王敏'), signIn: token(link.path), cluster: cluster.id,
    invitation: token(invited.invitationPath), coded: token(coded.invitationPath),
    partner: relationships.find((one) => one.supplierId === shunmo.firm && one.buyerId === chengyu.firm).id,
    announcement: told.announcement.id, channel: channel.id, webhook: id,
  };
}

/** Groups, demand, offers, reservations and needs. */
async function capacity() {
  const { groups } = await call(shunmo, 'CapacityGroupService/ListCapacityGroups', { pageSize: 100 });
  const group = groups.find(({ name }) => name.startsWith('S1-G3')).id;
  const { demands } = await call(chengyu, 'DemandService/ListMaterialDemands', { pageSize: 100 });
  const demand = demands.find((one) => one.materialNumberCustomer === 'CY-BX-0450').id;
  const comment = await call(chengyu, 'CommentService/PostComment', {
    subject: 'COMMENT_SUBJECT_MATERIAL_DEMAND', objectId: demand, text: '展会用' });
  const theirs = await offer(`看样机 ${stamp}`);
  const parts = [{ bucketId: theirs.buckets[0].id, quantity: { value: '3600' } }];
  const held = await call(chengyu, 'ReservationService/HoldCapacity', { offerId: theirs.id, parts });
  await call(chengyu, 'ReservationService/ConfirmReservation', { reservationId: held.id });
  const { offers } = await call(shunmo, 'OfferService/ListOffers', { own: true, pageSize: 100 });
  const { reservations } = await call(shunmo, 'ReservationService/ListReservations', { pageSize: 100 });
  const lent = reservations.find((one) => one.holderId === shunmo.firm && one.state === 'RESERVATION_STATE_CONFIRMED');
  const content = { process: '注塑', materials: ['PP', 'ABS'], quantity: { value: '50' }, unitCode: 'HUR', firstMonday: monday(5), lastMonday: monday(6) };
  const need = await call(chengyu, 'CapacityRequestService/PublishCapacityRequest', { content, visibility: 'OFFER_VISIBILITY_PARTNERS' });
  const match = await call(linyi, 'CapacityMatchService/ProposeMatch', { capacityRequestId: need.id, note: '二号机可承接' });
  return {
    group, demand, comment: comment.id, offer: theirs.id, reservation: held.id, own: offers.find((one) => !one.withdrawn).id,
    lent: lent.id, need: need.id, match: match.id,
  };
}

/** A drawing in two revisions and a draft, what somebody asked for, and the story's bracket, whose revision changes orders. */
async function resources() {
  const of = (who, method, body) => call(who, method, body, 'resources');
  const published = async (name, open) => {
    const content = { name: `${name} ${stamp}`, category: 'RESOURCE_CATEGORY_DRAWING', acknowledge: true };
    return (await of(chengyu, 'ResourceService/PublishResource', { content, visibility: 'RESOURCE_VISIBILITY_PARTNERS', open })).resourceId;
  };
  const own = await published('看样图纸', true);
  const revision = async (label) => (await of(chengyu, 'RevisionService/CreateRevision', {
    resourceId: own, label, changeNote: `${label}：孔位 Ø8.5→Ø9.0`, location: `https://plm.example/${label}` })).revisionId;
  const release = async (revisionId) => {
    await of(chengyu, 'RevisionService/ReleaseRevision', { revisionId, effectivity: 'EFFECTIVITY_NEW_ORDERS' });
    return revisionId;
  };
  const [before, after] = [await release(await revision('A')), await release(await revision('B'))];
  const closed = await published('申请图纸', false);
  const entitlement = await of(shunmo, 'EntitlementService/RequestEntitlement', { resourceId: closed, terms: { purpose: '试制' } });
  const bracket = await of(yuanzhang, 'ResourceService/GetResource', { resourceNumber: 'YZ-10022' });
  return { own, closed, before, after, draft: await revision('C'), entitlement: entitlement.id, bracket: bracket.current.revisionId };
}

/** All of it, by ids. */
export async function make() {
  const made = { orders: await orders(), firms: await firms(), capacity: await capacity(), resources: await resources() };
  return { ...made, tables: await tables(made.orders.asked), week: monday(5) };
}

/** Two orders that wait and that one word finds, which it answers. */
export function twoMore() {
  const word = `看样${Date.now()}`;
  for (let at = 0; at < 2; at += 1) publish({ lines: 1, name: () => word });
  return word;
}
