// What a developer reads in the console when WeChat says no more than "invalid signature".
import assert from 'node:assert/strict';
import test from 'node:test';
import { agents, failure, open } from './wechat.mjs';

const signedUrl = { signatureUrl: '/get-signature', debug: true };

function evidence(complaint) {
  return JSON.parse(complaint.slice(complaint.indexOf('{')));
}

test('an invalid signature is told with both URLs, and with what `magpie diagnose` reads', async () => {
  const real = 'https://h5.example.com/real';
  const world = open({ agent: agents.ios, verified: real, advice: [real + '#x'] });
  const given = { ...world.own(), nonceStr: 'N', timestamp: 1414587457, debug: true };
  const error = await failure(world.make({ ...given, signature: 'bad' }).initialize());
  assert.equal(error.errMsg, 'config:invalid signature');
  const [complaint] = world.seen.complaints;
  assert.match(complaint, /^\[WechatJSSDK\] config:invalid signature/);
  assert.ok(complaint.includes(`Signed was ${world.landing}, verified ${real}.`));
  assert.match(complaint, /`magpie diagnose`/);
  assert.deepEqual(evidence(complaint), {
    appId: 'wxapp', timestamp: 1414587457, nonceStr: 'N', signature: 'bad', url: world.landing,
    realAuthUrl: [real + '#x'], entryUrl: world.landing, userAgent: agents.ios
  });
});

test('a client that names no URL is taken to have verified the one it goes by', async () => {
  const world = open({ verified: 'https://elsewhere.example.com/' });
  await failure(world.make(signedUrl).initialize());
  assert.equal(world.seen.complaints.length, 2, 'one for each attempt');
  assert.ok(world.seen.complaints[0].includes(`verified ${world.landing}.`));
  assert.equal('realAuthUrl' in evidence(world.seen.complaints[0]), false);
});

test('the reason is shown where somebody tells it, as the sandbox does', async () => {
  const world = open({ heldTicket: 'old', explanation: { reason: 'the ticket has expired' } });
  await world.make(signedUrl).initialize();
  assert.match(world.seen.complaints[0], /^\[WechatJSSDK\] config:invalid signature\. the ticket has expired\n/);
  assert.equal(world.seen.complaints.length, 1, 'the second attempt succeeded');
});

test('nothing is written without debug, and nothing of what is no invalid signature', async () => {
  const quiet = open({ verified: 'https://elsewhere.example.com/' });
  await failure(quiet.make({ signatureUrl: '/get-signature' }).initialize());
  const refused = open({ server: () => [403, { error: { message: 'the host is not in jsDomains' } }] });
  await failure(refused.make(signedUrl).initialize());
  const good = open();
  await good.make(signedUrl).initialize();
  for (const world of [quiet, refused, good]) assert.deepEqual(world.seen.complaints, []);
});
