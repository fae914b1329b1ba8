// What initialize() and signSignature() end with. Run with `make client`.
import assert from 'node:assert/strict';
import test from 'node:test';
import { agents, failure, later, open } from './wechat.mjs';

const signedUrl = { signatureUrl: '/get-signature' };
const tencent = 'https://res.wx.qq.com/open/js/jweixin-1.6.0.js';
const backup = 'https://res2.wx.qq.com/open/js/jweixin-1.6.0.js';

for (const options of [{}, { copies: true }, { bridge: 'late' }, { bridge: 'sealed' }]) {
  const where = `with a bridge that is ${options.bridge || 'open'}${options.copies ? ' and an SDK that copies' : ''}`;

  test(`a good signature initializes ${where}`, async () => {
    const world = open(options);
    const jssdk = world.make(world.own());
    assert.equal(await jssdk.initialize(), jssdk);
    assert.equal(jssdk.getOriginalWx(), world.window.wx);
    assert.deepEqual(world.seen.scripts, [tencent]);
  });

  test(`a bad signature is refused, although ready fires, ${where}`, async () => {
    const world = open(options);
    const error = await failure(world.make({ ...world.own(), signature: 'bad' }).initialize());
    assert.equal(error.code, 'config_failed');
    assert.equal(error.errMsg, 'config:invalid signature');
    assert.ok(error instanceof world.window.WechatJSSDK.WechatError);
    assert.equal(error.name, 'WechatError');
  });

  test(`signing again waits for its own verdict ${where}`, async () => {
    const world = open({ ...options, delay: 40 });
    const jssdk = await world.make(world.own()).initialize();
    assert.equal((await failure(jssdk.signSignature({ signature: 'bad' }))).errMsg, 'config:invalid signature');
    assert.equal(await jssdk.signSignature({ signature: world.signature(world.here()) }), jssdk);
    assert.equal((await failure(jssdk.signSignature({ signature: 'bad' }))).errMsg, 'config:invalid signature');
    assert.equal(await jssdk.signSignature(world.own()), jssdk);
  });
}

for (const bridge of [undefined, 'sealed']) {
  test(`two instances at once each get their own verdict, with a bridge that is ${bridge || 'open'}`, async () => {
    const world = open({ bridge, delay: 20 });
    const good = world.make(world.own()), bad = world.make({ ...world.own(), signature: 'bad' });
    const outcomes = await Promise.allSettled([good.initialize(), bad.initialize(), good.signSignature()]);
    assert.deepEqual(outcomes.map(each => each.status), ['fulfilled', 'rejected', 'fulfilled']);
    assert.equal(world.seen.scripts.length, 1);
  });
}

test('a config of the page itself that failed unheard does not spoil ours', async () => {
  for (const bridge of [undefined, 'sealed']) {
    const world = open({ bridge });
    world.installSdk();
    world.window.wx.config({ signature: 'old', jsApiList: [], openTagList: [] });
    await later(20);
    await world.make(world.own()).initialize();
  }
});

test('a page that takes wx.error for itself does not hide the failure', async () => {
  const world = open({ delay: 20 });
  world.installSdk();
  const outcome = failure(world.make({ ...world.own(), signature: 'bad' }).initialize());
  await later(5);
  world.window.wx.error(() => {});
  assert.equal((await outcome).errMsg, 'config:invalid signature');
});

test('the bridge is left as it was', async () => {
  const world = open();
  const before = world.window.WeixinJSBridge.invoke;
  await world.make(world.own()).initialize();
  assert.equal(world.window.WeixinJSBridge.invoke, before);
});

test('outside WeChat initialize is refused at once and Tencent is asked nothing', async () => {
  const world = open({ agent: agents.browser, bridge: 'none' });
  const error = await failure(world.make({ ...signedUrl, debug: true }).initialize());
  assert.equal(error.code, 'outside_wechat');
  assert.deepEqual([world.seen.scripts, world.seen.requests], [[], []]);
});

test('outside WeChat a script from elsewhere is loaded, and refused when it brings no bridge', async () => {
  const world = open({ agent: agents.browser, bridge: 'none' });
  const error = await failure(world.make({ ...signedUrl, customUrl: '/sdk.js' }).initialize());
  assert.equal(error.code, 'outside_wechat');
  assert.deepEqual(world.seen.scripts, ['/sdk.js']);
});

test('the sandbox, a browser with a bridge, is accepted', async () => {
  const world = open({ agent: agents.browser, sandbox: true });
  const jssdk = await world.make({ ...signedUrl, customUrl: '/sdk.js' }).initialize();
  assert.equal((await failure(jssdk.signSignature({ signature: 'bad' }))).errMsg, 'config:invalid signature');
});

for (const behaviour of ['error', 'page', 'hang']) {
  test(`the backup host serves when the script answers with: ${behaviour}`, async () => {
    const world = open({ scripts: { [tencent]: behaviour } });
    await world.make({ ...world.own(), timeout: 100 }).initialize();
    assert.deepEqual(world.seen.scripts, [tencent, backup]);
  });
}

test('when both hosts are blocked initialize is refused, and may be tried again', async () => {
  const scripts = { [tencent]: 'error', [backup]: 'error' };
  const world = open({ scripts });
  const jssdk = world.make(world.own());
  assert.equal((await failure(jssdk.initialize())).code, 'script_failed');
  scripts[tencent] = 'sdk';
  assert.equal(await jssdk.initialize(), jssdk);
});

test('a script, a server and a WeChat that never answer end in a timeout', async () => {
  for (const options of [
    { scripts: { [tencent]: 'hang', [backup]: 'hang' } }, { server: () => 'hang' }, { delay: Infinity }
  ]) {
    const error = await failure(open(options).make({ ...signedUrl, timeout: 60 }).initialize());
    assert.equal(error.code, 'timeout');
  }
});

test('who waits for another config waits no longer than its own time, and is then not configured late', async () => {
  const world = open({ delay: 150 });
  const slow = world.make({ ...signedUrl, timeout: 100 }).initialize();
  await later(20);
  const start = Date.now();
  const errors = await Promise.all([failure(world.make({ ...signedUrl, timeout: 30 }).initialize()), failure(slow)]);
  assert.deepEqual(errors.map(error => error.code), ['timeout', 'timeout']);
  assert.ok(Date.now() - start < 140);
  await later(200);
  assert.equal(world.seen.verified.length, 1);
});

test('after a timeout the next config is not stuck behind the lost one', async () => {
  const world = open({ delay: Infinity });
  const jssdk = world.make({ ...signedUrl, timeout: 30 });
  await failure(jssdk.initialize());
  world.delay = 5;
  await jssdk.initialize();
});

test('a server that is away or refuses gives its reason', async () => {
  const refusal = { error: { code: 'url_not_allowed', message: 'the host is not in jsDomains', hint: 'add it' } };
  const world = open({ server: () => [403, refusal] });
  const error = await failure(world.make(signedUrl).initialize());
  assert.deepEqual([error.code, error.status, error.message], ['refused', 403, 'the host is not in jsDomains']);
  assert.deepEqual(error.answer, refusal);
  assert.equal((await failure(open({ server: () => 'network' }).make(signedUrl).initialize())).code, 'network');
  assert.equal((await failure(open({ server: () => [200, { errcode: 1 }] }).make(signedUrl).initialize())).code, 'refused');
  assert.equal((await failure(open({ server: () => [200] }).make(signedUrl).initialize())).code, 'refused');
  assert.equal((await failure(open().make({}).initialize())).code, 'no_signature');
});

test('initialize is idempotent', async () => {
  const world = open();
  const jssdk = world.make(signedUrl);
  await Promise.all([jssdk.initialize(), jssdk.initialize()]);
  await jssdk.initialize();
  assert.deepEqual([world.seen.scripts.length, world.seen.requests.length, world.seen.verified.length], [1, 1, 1]);
});

test('an SDK that is on the page already is used as it is', async () => {
  const world = open();
  world.installSdk();
  world.window.wx = { somebody: 'else' };
  const jssdk = await world.make(world.own()).initialize();
  assert.deepEqual(world.seen.scripts, []);
  assert.equal(jssdk.wx, world.window.jWeixin);
});

test('beside an AMD loader the SDK comes through it', async () => {
  const world = open();
  const loaded = [];
  world.installSdk();
  const sdk = world.window.jWeixin;
  delete world.window.jWeixin;
  delete world.window.wx;
  world.window.define = Object.assign(() => {}, { amd: {} });
  world.window.require = (urls, done) => { loaded.push(...urls); setTimeout(() => done(sdk), 1); };
  assert.equal((await world.make(world.own()).initialize()).wx, sdk);
  assert.deepEqual([loaded, world.seen.scripts], [[tencent], []]);
});
