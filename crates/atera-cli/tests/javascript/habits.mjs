// What programs in JavaScript do with the service, against the sandbox in the guide's dialect: lists, retries after a 429,
// throttling, failures, writes, batches, a cache, and several lists at once. `tests/javascript.rs` runs it.

import assert from 'node:assert/strict';

const { ATERA_BASE_URL: base, ATERA_API_KEY: key } = process.env;
const root = new URL(base).origin;

const call = (path, { method = 'GET', body, as = key } = {}) =>
  fetch(`${base}/${path}`, {
    method,
    headers: { 'X-API-KEY': as, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
const read = async (path, options) => {
  const answer = await call(path, options);
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
};
const steer = (what, text) => fetch(`${root}/_sandbox/${what}`, { method: 'POST', body: text });
const stats = () => fetch(`${root}/_sandbox/stats`).then(answer => answer.json());

async function all(list) {
  const items = [];
  for (let page = 1, pages = 1; page <= pages; page++) {
    const answer = await read(`${list}?page=${page}&itemsInPage=50`);
    assert.deepEqual(Object.keys(answer).sort(), ['items', 'itemsInPage', 'page', 'totalItems', 'totalPages']);
    items.push(...answer.items);
    pages = answer.totalPages;
  }
  return items;
}

// Several lists at once, each of them whole.
const [tickets, agents, alerts] = await Promise.all(['tickets', 'agents', 'alerts'].map(all));
assert.deepEqual([tickets.length, agents.length, alerts.length], [230, 40, 30]);
assert.equal(new Set(tickets.map(ticket => ticket.TicketID)).size, 230);

// A cache asks once.
const before = (await stats()).operations.customers_list;
const cache = new Map();
const cached = async list => cache.get(list) ?? cache.set(list, await all(list)).get(list);
assert.equal(await cached('customers'), await cached('customers'));
assert.equal((await stats()).operations.customers_list - (before ?? 0), 1);

// After a 429 there is a pause that its header names.
await steer('faults', 'account_get:429=1*1');
const refused = await call('account');
assert.equal(refused.status, 429);
assert.match((await refused.json()).Message, /^Rate limit exceeded/);
const seconds = Number(refused.headers.get('retry-after'));
assert.ok(seconds >= 1);
assert.equal((await call('account')).status, 200);

// The limit is told of in headers, and goes down with every request.
const [one, two] = [await call('account'), await call('account')];
assert.equal(one.headers.get('x-ratelimit-limit'), '700');
assert.equal(one.headers.get('x-ratelimit-remaining') - two.headers.get('x-ratelimit-remaining'), 1);
assert.ok((await stats()).most_in_window <= 700);

// Create, read, update, delete.
const ticket = { TicketTitle: 'Scanner', Description: 'It is silent', EndUserID: 12345, TicketPriority: 'Medium' };
const made = await read('tickets', { method: 'POST', body: ticket });
assert.equal(typeof made.TicketID, 'number');
assert.equal(made.ActionID, made.TicketID);
const path = `tickets/${made.TicketID}`;
assert.equal((await read(path)).TicketTitle, 'Scanner');
await read(path, { method: 'POST', body: { TicketStatus: 'Resolved', TicketPriority: 'Low' } });
const { TicketStatus, TicketPriority } = await read(path);
assert.deepEqual([TicketStatus, TicketPriority], ['Resolved', 'Low']);
assert.deepEqual(await read(path, { method: 'DELETE' }), { ActionID: made.TicketID, Success: true });

// Failures.
for (const [status, code, at, options] of [
  [404, 'NOT_FOUND', path],
  [400, 'VALIDATION_ERROR', 'tickets', { method: 'POST', body: {} }],
  [403, 'FORBIDDEN', 'tickets', { method: 'POST', body: ticket, as: 'reader' }],
]) {
  const failed = await call(at, options);
  const { Message, ErrorCode } = await failed.json();
  assert.deepEqual([failed.status, ErrorCode], [status, code]);
  assert.ok(Message);
}
const unknown = await call('account', { as: 'nobody' });
assert.deepEqual([unknown.status, await unknown.text()], [401, '']);
await steer('faults', '500=1*1');
assert.equal((await call('account')).status, 500);
assert.equal((await call('account')).status, 200);

// Batches of ten.
const details = [];
for (let start = 0; start < 30; start += 10) {
  const batch = tickets.slice(start, start + 10);
  details.push(...await Promise.all(batch.map(({ TicketID }) => read(`tickets/${TicketID}`))));
}
assert.deepEqual(details.map(it => it.TicketID), tickets.slice(0, 30).map(it => it.TicketID));

console.log('all habits are served');
