'use strict';

const key = document.querySelector('meta[name="sandbox-key"]').content;
const at = id => document.getElementById(id);

window.ui = SwaggerUIBundle({
  url: '/_sandbox/openapi.yaml',
  dom_id: '#operations',
  docExpansion: 'none',
  filter: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  validatorUrl: null,
  onComplete: () => window.ui.preauthorizeApiKey('apiKey', key),
});

const row = (...cells) => {
  const row = document.createElement('tr');
  for (const text of cells) row.insertCell().textContent = text;
  return row;
};

/** The last requests, newest first, and the number of the newest. */
let requests = [];

async function refresh() {
  const last = Math.max(0, (requests[0]?.number ?? 0) - 20);
  const [state, stats, log] = await Promise.all(
    ['state', 'stats', `log?since=${last}`].map(path => fetch(`/_sandbox/${path}`).then(answer => answer.json())),
  );
  requests = log.reverse().slice(0, 15);
  at('log').tBodies[0].replaceChildren(...requests.map(request => {
    const cells = row(request.number, `${request.method} ${request.path.replace('/api/v3', '')}`, request.status ?? '–', request.took_ms?.toFixed(1) ?? '');
    cells.dataset.number = request.number;
    if (!(request.status < 400)) cells.cells[2].className = 'failed';
    if (request.fault) {
      // A fault may have a long name, so it stands where there is room for it.
      const fault = document.createElement('div');
      fault.className = 'fault failed';
      fault.textContent = `fault ${request.fault}`;
      cells.cells[1].append(fault);
    }
    return cells;
  }));
  at('records').tBodies[0].replaceChildren(...Object.entries(state.records).map(entry => row(...entry)));
  at('sums').textContent = `${stats.arrivals} requests, ${stats.refused} refused, most in one window ${stats.most_in_window}`;
  if (state.limit) {
    const { requests, remaining, windowSeconds } = state.limit;
    at('limit').textContent = `${requests - remaining} of ${requests} requests in the last ${windowSeconds} s`;
    Object.assign(at('window'), { max: requests, value: requests - remaining });
  } else {
    at('limit').textContent = 'No limit is set.';
  }
}

/** A body as text: JSON with indents, and what the log has of a long one. */
function bodyText(body, none) {
  if (!body) return none;
  const isWhole = new TextEncoder().encode(body.text).length >= body.bytes;
  if (!isWhole) return `${body.text}…\n\nThe log has the beginning of ${body.bytes} bytes.`;
  try {
    return JSON.stringify(JSON.parse(body.text), null, 2);
  } catch {
    return body.text || 'No body.';
  }
}

at('log').tBodies[0].addEventListener('click', async event => {
  const row = event.target.closest('tr');
  const request = requests.find(it => it.number === Number(row?.dataset.number));
  if (!request) return;
  const answer = await fetch(`/_sandbox/log/${request.number}`);
  const bodies = answer.ok ? await answer.json() : {};
  at('request').textContent = `${request.method} ${request.path}`;
  at('asked').textContent = bodyText(bodies.request, answer.ok ? 'The body was too large, or broke off.' : await answer.text());
  at('answered').textContent = bodyText(bodies.response, answer.ok ? 'No answer, or one that a fault sent in pieces.' : '');
  at('bodies').showModal();
});

async function steer(path, text) {
  const answer = await fetch(path, { method: 'POST', body: text });
  const said = await answer.text();
  at('said').textContent = answer.ok ? said ? `Set: ${said}` : 'Done.' : said;
  at('said').className = answer.ok ? '' : 'failed';
  await refresh();
}

for (const form of document.querySelectorAll('form[data-path]')) {
  const input = form.elements.text;
  fetch(form.dataset.path).then(answer => answer.text()).then(text => { input.value = text; });
  form.addEventListener('submit', event => {
    event.preventDefault();
    steer(form.dataset.path, input.value);
  });
}
at('reset').addEventListener('click', () => {
  requests = [];
  steer('/_sandbox/reset', '');
});

const loop = () => refresh().catch(() => { at('said').textContent = 'The sandbox does not answer.'; });
loop();
setInterval(loop, 2000);
