// Calls of WeChat's APIs and of the server, and the files themselves.
import assert from 'node:assert/strict';
import test from 'node:test';
import vm from 'node:vm';
import { failure, later, open, source } from './wechat.mjs';

const signedUrl = { signatureUrl: '/get-signature' };

test("the caller's config and lists stay as they are", async () => {
  const world = open();
  const config = { ...world.own(), jsApiList: ['getNetworkType'], openTagList: ['wx-open-audio'] };
  const before = JSON.stringify(config);
  const jssdk = await world.make(config).initialize();
  await jssdk.signSignature();
  assert.equal(JSON.stringify(config), before);
  assert.ok(jssdk.config.jsApiList.includes('onMenuShareTimeline'));
  assert.deepEqual([...world.make().config.openTagList], ['wx-open-subscribe', 'wx-open-audio']);
});

test('the share helpers work with a list that does not name them', async () => {
  const world = open();
  const jssdk = await world.make({ ...world.own(), jsApiList: ['getNetworkType'] }).initialize();
  for (const helper of ['updateAppMessageShareData', 'updateTimelineShareData', 'shareOnChat', 'shareOnMoment']) {
    assert.equal(jssdk[helper]({ title: 'Magpie' }), jssdk);
    assert.equal(jssdk[helper](), jssdk);
  }
  assert.deepEqual(world.seen.invocations.slice(-4), [
    'updateAppMessageShareData', 'updateTimelineShareData', 'onMenuShareAppMessage', 'onMenuShareTimeline'
  ]);
});

test('callWechatApi does nothing for an API that is not listed, and says so in debug mode', async () => {
  const world = open();
  const jssdk = await world.make({ ...world.own(), debug: true }).initialize();
  const before = world.seen.invocations.length;
  assert.equal(jssdk.callWechatApi('scanQRCode', {}), jssdk);
  assert.equal(jssdk.callWechatApi(), jssdk);
  assert.equal(world.seen.invocations.length, before);
  assert.match(world.seen.alerts[0], /scanQRCode/);
});

test('callWechatApi before the SDK is there waits for the verdict instead of throwing', async () => {
  const world = open();
  const jssdk = world.make(world.own());
  jssdk.shareOnChat({ title: 'too early: nothing is under way' });
  const outcome = jssdk.initialize();
  jssdk.updateTimelineShareData({ title: 'early' });
  await outcome;
  await later();
  assert.equal(world.seen.invocations.at(-1), 'updateTimelineShareData');
});

test('call initializes by itself and promises the result', async () => {
  const world = open();
  let heard;
  const jssdk = world.make({ ...signedUrl, jsApiList: ['getNetworkType', 'scanQRCode'] });
  const options = { success: result => { heard = result.networkType; } };
  assert.equal((await jssdk.call('getNetworkType', options)).networkType, 'wifi');
  assert.equal(heard, 'wifi');
  assert.deepEqual(Object.keys(options), ['success']);
  assert.equal((await failure(jssdk.call('scanQRCode'))).code, 'api_cancel');
  assert.equal((await failure(jssdk.call('teleport'))).code, 'api_missing');
  await jssdk.call('miniProgram.navigateTo', { url: '/index' });
  world.permitted = false;
  const error = await failure(jssdk.call('miniProgram.navigateTo', { url: '/index' }));
  assert.equal(error.code, 'api_fail');
  assert.match(error.message, /permission denied \(not in jsApiList\)/);
});

test('call is refused with the reason when the page cannot be configured', async () => {
  const world = open({ verified: 'https://elsewhere.example.com/' });
  assert.equal((await failure(world.make(signedUrl).call('getNetworkType'))).errMsg, 'config:invalid signature');
});

test('session is the visitor, null when nobody is logged in, and an error when the server fails', async () => {
  const answers = [[200, { openid: 'o1' }], [401, { error: {} }], [503, { error: { message: 'store away' } }]];
  const world = open({ server: () => answers.shift() });
  const jssdk = world.make({ ...signedUrl, account: 'shop' });
  assert.equal((await jssdk.session()).openid, 'o1');
  assert.equal(await jssdk.session(), null);
  assert.equal((await failure(jssdk.session())).message, 'store away');
  assert.deepEqual([world.seen.requests[0].target, world.seen.requests[0].credentials], ['/session?account=shop', true]);
});

test('logout posts', async () => {
  const world = open({ server: () => [204] });
  assert.equal(await world.make(signedUrl).logout(), undefined);
  assert.deepEqual([world.seen.requests[0].method, world.seen.requests[0].target], ['POST', '/logout']);
});

test('login goes to the server with a target, a scope and an account', () => {
  const world = open({ url: 'https://h5.example.com/商品?wechat_error=access_denied&q={鞋}#/a' });
  const jssdk = world.make(signedUrl);
  jssdk.login();
  assert.equal(world.seen.assigned,
    '/redirect?to=' + encodeURIComponent('/%E5%95%86%E5%93%81?q=%7B%E9%9E%8B%7D#/a') + '&scope=base');
  jssdk.login({ scope: 'userinfo', to: '/orders?id=鞋', account: 'shop' });
  assert.equal(world.seen.assigned, '/redirect/shop?to=' + encodeURIComponent('/orders?id=%E9%9E%8B') + '&scope=userinfo');
  const hub = world.make({ signatureUrl: 'https://wx.example.com/hub/get-signature?x=1', account: 'main' });
  assert.equal(hub.loginUrl({ to: '/a' }), 'https://wx.example.com/hub/redirect/main?to=%2Fa&scope=base');
  assert.equal(world.make({ signatureUrl: '/wx/sign?u=/a' }).server, '/wx');
  assert.match(hub.loginUrl(), /to=https%3A%2F%2Fh5\.example\.com%2F/);
  assert.equal(world.make({ server: 'https://wx.example.com' }).loginUrl({ to: '/' }),
    'https://wx.example.com/redirect?to=%2F&scope=base');
});

test('the script brings its class to a page that loads it as a module, where there is no `this`', () => {
  const world = open();
  delete world.window.WechatJSSDK;
  vm.runInContext(`'use strict';(function () {${source}}).call(undefined)`, world.context);
  assert.equal(typeof world.window.WechatJSSDK, 'function');
});

test('the class may be called without new', () => {
  const world = open();
  assert.ok(world.window.WechatJSSDK({}) instanceof world.window.WechatJSSDK);
});

test('the module can be imported where there is no window', async () => {
  const module = await import('../../Public/wechat-jssdk.mjs');
  const error = await failure(new module.default({ signatureUrl: '/get-signature' }).initialize());
  assert.equal(error.code, 'outside_wechat');
  assert.ok(error instanceof module.WechatError);
});
