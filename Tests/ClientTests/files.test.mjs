// The files that are made of the script, their size, their syntax and their types.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import test from 'node:test';
import vm from 'node:vm';
import { open } from './wechat.mjs';

const root = new URL('../../', import.meta.url).pathname;
const make = root + '.ci/client-module';
const hasTypeScript = spawnSync('tsc', ['--version']).status === 0;
const minify = text => execFileSync(make, ['--minify'], { input: text, encoding: 'utf8' });

test('the module and the minified copy are made of the script, which is as small as promised', () => {
  execFileSync(make, ['--check']);
});

// Each is a program whose value is compared before and after.
const programs = {
  'comments and spaces': 'var a = 1; // one\n/* two\n */ var b /* three */ = 2 ;\n\n\na + b',
  'what looks like a comment in a string': '[\'// no\', "/* no */", \'it\\\'s // no\', "a\\\n  b"]',
  'what looks like a string in a comment': 'var a = 1; // don\'t\nvar b = /* "x */ 2;\n[a, b]',
  'spaces in strings and templates': '[\'a  b\', "c   d", `e   f\n   // g`]',
  'templates in templates': 'var x = 2; `a ${ x  +  `b ${ [x , { y : "}" }].map( v => `  ${ v }  ` ) }` } /* c */`',
  'an escaped backtick and dollar': '`a \\` // b \\${ c }`',
  'regular expressions': '"a//b\'c/".replace(/[/]{2}/g , "-").replace( /\'/ , "+").split( /\\// )',
  'a regular expression after a word': 'function f ( ) { return /a  b/ .test("a  b") }\n[f(), typeof /x/ , "q" in { q : 1 } ]',
  'a regular expression after a condition': 'var r = 0;\nif (true) /a  "/.test("a" + String.fromCharCode(32, 32, 34)) && (r = 1);\nr',
  'a regular expression after a block': 'var r = 0;\n{ r = 1 }\n/a  "/g.exec("a" + String.fromCharCode(32, 32, 34)) && (r = 2);\nr',
  division: 'var a = 8, b = 2, g = 1, o = { p : 4 };\n[a / b / g, (a) / b, [a][0] / b / g, o.p / 2 /* x */ / 1, a / +b]',
  'division after an object': 'var x = { valueOf() { return 6 } } / 2 / 1;\nx',
  'signs that must not meet': 'var a = 1, b = 1;\n[a + +b, a - -b, a+ + +b, a - --b, a++ + b, 3 .toString(), a-- > 0]',
  'statements without semicolons': 'var a = 1\nvar b = 2\nvar c = a\n++b\nvar f = function () { return 3 }\nvar d = f()\n;[a, b, c, d]',
  'restricted productions': 'function f() {\n  return\n  1\n}\nvar n = 0\nfor (;;) {\n  if (n++ > 2) break\n  continue\n}\n[f(), n]',
  'empty statements': 'var n = 0;\nfor (; n < 3; n++);\nif (n) ; else ;\nwhile (n-- > 1);\n{ ; }\nn',
  'a semicolon before a brace': 'function f(a) { if (a) { a = 2; } ; return a; }\nvar g = () => { f(1); };\n[f(1), g()]',
  'do and while': 'var n = 0;\ndo n++; while (n < 5)\nn',
  'words beside words': 'var o = new Date(0) instanceof Date, p = void 0 === undefined;\n[o, p, typeof o, !o in {}]',
  classes: 'class A { static get x ( ) { return 1 } *g ( ) { yield 1 ; yield /2/.source }\n  m ( ) { return [ ...this.g() ] } }\n[A.x, new A().m()]',
  numbers: '[0xFF, 1e3, .5 + .5, 1.5e-3, 0b11 , 1..toFixed(1)]',
  'other scripts': 'var 名 = "鹊桥  桥"; `${ 名 }`'
};

for (const [name, program] of Object.entries(programs)) {
  test(`minifying keeps ${name}`, () => {
    const small = minify(program);
    assert.deepEqual(JSON.stringify(vm.runInNewContext(small)), JSON.stringify(vm.runInNewContext(program)), small);
    assert.ok(small.length <= program.length + 1, small);
    assert.equal(minify(small), small, 'minified twice');
  });
}

test('what is no JavaScript is not minified into something', () => {
  for (const text of ['`a ${ b', 'var a = /x']) assert.notEqual(spawnSync(make, ['--minify'], { input: text }).status, 0);
});

test('the declared methods are those the class has', () => {
  const declared = readFileSync(root + 'Public/wechat-jssdk.d.ts', 'utf8').split('declare namespace')[0];
  const names = [...declared.matchAll(/^ {2}(\w+)(?:<[^>]*>)?\(/gm)].map(match => match[1]);
  const prototype = open().window.WechatJSSDK.prototype;
  const has = Object.getOwnPropertyNames(prototype);
  assert.deepEqual(names.sort(), has.sort());
});

test("the types say what the class takes and gives", { skip: !hasTypeScript && 'no tsc here' }, () => {
  const { status, stdout } = spawnSync('tsc', ['-p', root + 'Tests/ClientTests/types'], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

test('the script is ES2015: a newer syntax would be rewritten for it', { skip: !hasTypeScript && 'no tsc here' }, () => {
  const folder = mkdtempSync(tmpdir() + '/magpie-client-');
  try {
    const [wanted, newest] = ['ES2015', 'ESNext'].map(target => {
      execFileSync('tsc', [
        '--allowJs', '--skipLibCheck', '--noResolve', '--module', 'none', '--target', target,
        '--outFile', `${folder}/${target}.js`, root + 'Public/wechat-jssdk.js'
      ]);
      return readFileSync(`${folder}/${target}.js`, 'utf8');
    });
    assert.equal(wanted, newest);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
