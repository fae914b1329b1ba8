// Which URL is signed, and when it is signed again.
import assert from 'node:assert/strict';
import test from 'node:test';
import { agents, failure, later, open } from './wechat.mjs';

const signedUrl = { signatureUrl: '/get-signature' };

test('the current URL is signed without its fragment, for the account that was named', async () => {
  const world = open();
  const jssdk = await world.make({ signatureUrl: '/get-signature?v=2', account: 'shop' }).initialize();
  const [{ pathname, v, url, account, entry, force }] = world.seen.requests;
  assert.deepEqual({ pathname, v, url, account, entry, force }, {
    pathname: '/get-signature', v: '2', url: 'https://h5.example.com/?from=menu', account: 'shop',
    entry: undefined, force: undefined
  });
  assert.equal(jssdk.config.appId, 'wxapp');
});

for (const [name, moves] of [['android', true], ['devtools', true], ['ios', false]]) {
  test(`after pushState ${name} verifies ${moves ? 'the current' : 'the landing'} URL`, async () => {
    const world = open({ agent: agents[name] });
    if (name === 'devtools') world.verified = 'https://h5.example.com/list';
    world.window.history.pushState(null, '', '/list');
    await world.make(signedUrl).initialize();
    assert.deepEqual(world.seen.verified, [world.signature(moves ? 'https://h5.example.com/list' : world.landing)]);
    assert.equal(world.seen.requests[0].entry, moves ? undefined : world.landing);
  });

  test(`a change of route ${moves ? 'signs again' : 'changes nothing'} on ${name}`, async () => {
    const world = open({ agent: agents[name] });
    if (name === 'devtools') Object.defineProperty(world, 'verified', { get: world.here });
    const jssdk = await world.make(signedUrl).initialize();
    world.window.history.pushState(null, '', '/list');
    await later();
    await jssdk.initialize();
    world.window.history.replaceState(null, '', '/list#top');
    world.window.history.replaceState(null, '', '/list/2');
    world.window.history.replaceState(null, '', '/list/3');
    await later();
    await jssdk.initialize();
    world.goBack('/list');
    await later();
    await jssdk.initialize();
    const urls = moves ? [world.landing, ...['', '/3', ''].map(end => 'https://h5.example.com/list' + end)] : [world.landing];
    assert.deepEqual(world.seen.verified, urls.map(world.signature));
  });
}

test('routes are not followed without a signatureUrl, nor when the page says so', async () => {
  const world = open();
  for (const config of [world.own(), { ...signedUrl, followRoutes: false }]) await world.make(config).initialize();
  const before = world.seen.verified.length;
  world.window.history.pushState(null, '', '/list');
  await later(20);
  assert.equal(world.seen.verified.length, before);
});

test('a visitor who goes on while the signature is fetched gets the signature of the new page', async () => {
  const world = open();
  world.onRequest = () => {
    world.onRequest = null;
    world.window.history.pushState(null, '', '/next');
  };
  await world.make({ ...signedUrl, followRoutes: false }).initialize();
  assert.deepEqual(world.seen.verified, [world.signature('https://h5.example.com/next')]);
});

test('a server that does not know `entry` is helped by the second attempt', async () => {
  const server = ({ url }) => [200, { appId: 'wxapp', nonceStr: 'n', timestamp: '1', signature: 'T|' + url, url }];
  const world = open({ agent: agents.ios, server });
  world.window.history.pushState(null, '', '/list');
  await world.make(signedUrl).initialize();
  assert.deepEqual(world.seen.verified, ['T|https://h5.example.com/list', 'T|' + world.landing]);
});

test('the page may name its landing URL itself', async () => {
  const world = open({ agent: agents.ios, verified: 'https://h5.example.com/landing' });
  await world.make({ ...signedUrl, entryUrl: 'https://h5.example.com/landing' }).initialize();
});

test('an invalid signature is replaced once, for the URL WeChat names and with a fresh ticket', async () => {
  const world = open({ verified: 'https://h5.example.com/real', advice: ['https://h5.example.com/real#x'] });
  await world.make(signedUrl).initialize();
  const { url, force } = world.seen.requests[1];
  assert.deepEqual({ url, force }, { url: 'https://h5.example.com/real', force: '1' });
});

test('without advice the other URL is tried, and a stale ticket is cured', async () => {
  const ios = open({ agent: agents.ios, verified: 'https://h5.example.com/list' });
  ios.window.history.pushState(null, '', '/list');
  await ios.make(signedUrl).initialize();
  const stale = open({ heldTicket: 'old' });
  await stale.make(signedUrl).initialize();
  assert.deepEqual(stale.seen.verified, ['old|' + stale.landing, 'T|' + stale.landing]);
});

test('there is only one more attempt', async () => {
  const world = open({ verified: 'https://elsewhere.example.com/' });
  const error = await failure(world.make(signedUrl).initialize());
  assert.equal(error.errMsg, 'config:invalid signature');
  assert.equal(world.seen.verified.length, 2);
});

test('other failures, and a signature that signSignature was given, are not replaced', async () => {
  const world = open();
  const jssdk = await world.make(signedUrl).initialize();
  await failure(jssdk.signSignature({ signature: 'bad' }));
  assert.equal(world.seen.requests.length, 1);
  await jssdk.initialize();
  assert.equal(world.seen.requests.length, 2, 'after a failure initialize() signs anew');
});

test('a signature that came with the page is used first, and replaced when invalid', async () => {
  const world = open();
  await world.make({ ...signedUrl, ...world.own() }).initialize();
  assert.equal(world.seen.requests.length, 0);
  await world.make({ ...signedUrl, ...world.own(), signature: 'old' }).initialize();
  assert.equal(world.seen.requests.length, 1);
});
