#!/usr/bin/env node
// Tombstone beside Prism, which answers from a contract too: start until the first answer, memory, requests per second.
// `cargo build --profile dist && node benches/prism.mjs`, with Node.js, npm and wrk.
//
// Both serve the same generated documents on loopback, without a log of requests, one after the other in rounds that
// alternate, under the same load. Prism comes from the npm registry into target/, of the version below. Nothing fails for
// being slow; what is told are medians, and how many times as much or as little ours is.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PRISM = '5.16.0';
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const SECONDS = Number(process.env.SECONDS ?? 4);
/** The longest that anything may take to answer first. */
const START_MAX_MS = 120_000;
/** Parts of the documents: one is a small shop, so many of them are 3 MB. */
const PARTS = { small: 1, large: 512 };

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const work = join(root, 'target/prism');
const tombstone = process.env.TOMBSTONE ?? join(root, 'target/dist/tombstone');

/** One shop: five operations, as documents have them, with parameters, components and examples. */
function part(number) {
    const pet = `Pet${number}`;
    const reference = { $ref: `#/components/schemas/${pet}` };
    const failure = { description: 'refused', content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } } };
    const json = (schema, example) => ({ 'application/json': { schema, ...(example && { example }) } });
    const example = { id: 7, name: 'Rex', status: 'sold', tags: [{ id: 1, name: 'dog' }], owner: { name: 'Ada', email: 'ada@example.com' } };
    const id = { name: 'id', in: 'path', required: true, schema: { type: 'integer', minimum: 1 } };
    return {
        paths: {
            [`/shops/${number}/pets`]: {
                get: {
                    operationId: `listPets${number}`,
                    parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100 } }],
                    responses: { 200: { description: 'the pets of the shop', content: json({ type: 'array', items: reference }, [example, { ...example, id: 8 }]) }, 400: failure },
                },
                post: {
                    operationId: `addPet${number}`,
                    requestBody: { required: true, content: json(reference) },
                    responses: { 201: { description: 'added', content: json(reference, example) }, 422: failure },
                },
            },
            [`/shops/${number}/pets/{id}`]: {
                parameters: [id],
                get: { operationId: `getPet${number}`, responses: { 200: { description: 'the pet', content: json(reference, example) }, 404: failure } },
                put: { operationId: `changePet${number}`, requestBody: { required: true, content: json(reference) }, responses: { 200: { description: 'changed', content: json(reference, example) }, 404: failure } },
                delete: { operationId: `dropPet${number}`, responses: { 204: { description: 'gone' }, 404: failure } },
            },
        },
        schemas: {
            [pet]: {
                type: 'object',
                description: 'A pet, as the shop has it. What is written here is read by people, and answered to nobody.',
                required: ['id', 'name', 'status'],
                properties: {
                    id: { type: 'integer', minimum: 1, description: 'Given by the shop; unique in it.' },
                    name: { type: 'string', minLength: 1, maxLength: 80, description: 'What it is called.' },
                    status: { type: 'string', enum: ['available', 'pending', 'sold'], description: 'Whether it can be had.' },
                    tags: { type: 'array', items: { $ref: `#/components/schemas/Tag${number}` } },
                    owner: {
                        type: 'object',
                        required: ['name'],
                        properties: { name: { type: 'string' }, email: { type: 'string', format: 'email' }, since: { type: 'string', format: 'date-time' } },
                    },
                },
            },
            [`Tag${number}`]: { type: 'object', required: ['id'], properties: { id: { type: 'integer' }, name: { type: 'string' } } },
        },
    };
}

function document(parts) {
    const made = Array.from({ length: parts }, (_, number) => part(number));
    const failure = { type: 'object', required: ['message'], properties: { message: { type: 'string' }, code: { type: 'integer' } } };
    return JSON.stringify({
        openapi: '3.0.3',
        info: { title: 'Shops', version: '1.0.0' },
        paths: Object.assign({}, ...made.map((one) => one.paths)),
        components: { schemas: Object.assign({ Failure: failure }, ...made.map((one) => one.schemas)) },
    }, null, 1);
}

const pet = JSON.stringify({ id: 1, name: 'Tom', status: 'available', tags: [{ id: 1 }], owner: { name: 'Bob', email: 'bob@example.com' } });
const CASES = [
    { name: 'GET with parameters', method: 'GET', path: '/shops/0/pets?limit=10', status: 200 },
    { name: 'POST, valid', method: 'POST', path: '/shops/0/pets', body: pet, status: 201 },
    { name: 'POST, invalid', method: 'POST', path: '/shops/0/pets', body: '{"id":0,"name":"","status":"lost"}', status: 422 },
];

const SERVERS = {
    prism: (file, port) => [process.execPath, [join(work, 'node_modules/@stoplight/prism-cli/dist/index.js'), 'mock', '-h', '127.0.0.1', '-p', `${port}`, '-v', 'silent', file]],
    tombstone: (file, port) => [tombstone, ['mock', '-h', '127.0.0.1', '-p', `${port}`, '-v', 'silent', file]],
};

function prepare() {
    for (const [name, parts] of Object.entries(PARTS)) {
        mkdirSync(work, { recursive: true });
        writeFileSync(join(work, `${name}.json`), document(parts));
    }
    for (const [number, { body, method }] of CASES.entries()) {
        const lines = body ? [`wrk.body = [[${body}]]`, 'wrk.headers["Content-Type"] = "application/json"'] : [];
        writeFileSync(join(work, `${number}.lua`), [`wrk.method = "${method}"`, ...lines, ''].join('\n'));
    }
    const installed = join(work, 'node_modules/@stoplight/prism-cli/package.json');
    if (!existsSync(installed) || JSON.parse(readFileSync(installed)).version !== PRISM) {
        writeFileSync(join(work, 'package.json'), '{"private":true}');
        execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', work, `@stoplight/prism-cli@${PRISM}`], { stdio: 'inherit' });
    }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function freePort() {
    const server = createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

/** Megabytes that a process has, now (`VmRSS`) or at most so far (`VmHWM`). */
function memory(pid, what) {
    return Number(new RegExp(`${what}:\\s*(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

/** The status of one answer, on a connection of its own: the load takes so long that one kept would be closed. */
function ask(port, { method, path, body }) {
    const headers = body ? { 'content-type': 'application/json' } : {};
    return new Promise((resolve, reject) => {
        const call = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
            answer.resume();
            answer.on('end', () => resolve(answer.statusCode));
        });
        call.on('error', reject);
        call.end(body);
    });
}

async function firstAnswer(port, child) {
    const began = performance.now();
    while (performance.now() - began < START_MAX_MS && child.exitCode === null) {
        try {
            await ask(port, CASES[0]);
            return performance.now() - began;
        } catch {
            await pause(2);
        }
    }
    throw new Error(`no answer; it ended with ${child.exitCode}`);
}

/** Requests per second of one case. */
function load(port, number) {
    const { name, path } = CASES[number];
    const said = execFileSync('wrk', ['-t1', '-c32', '--timeout', '30s', `-d${SECONDS}s`, '-s', join(work, `${number}.lua`), `http://127.0.0.1:${port}${path}`], { encoding: 'utf8' });
    const rate = /Requests\/sec:\s*([\d.]+)/.exec(said);
    const refused = CASES[number].status < 300 && /Non-2xx/.test(said);
    if (!rate || refused || /Socket errors/.test(said)) throw new Error(`${name}: ${said}`);
    return Number(rate[1]);
}

async function measure(name, size) {
    const port = await freePort();
    const [program, args] = SERVERS[name](join(work, `${size}.json`), port);
    const child = spawn(program, args, { stdio: 'ignore' });
    try {
        const found = { 'start, ms': await firstAnswer(port, child) };
        await pause(1000);
        found['memory, MB'] = memory(child.pid, 'VmRSS');
        found['memory at most, MB'] = memory(child.pid, 'VmHWM');
        for (const [number, one] of CASES.entries()) {
            const status = await ask(port, one);
            if (status !== one.status) throw new Error(`${name}: ${one.name} is answered with ${status}`);
            found[`${one.name}, requests/s`] = load(port, number);
        }
        return found;
    } finally {
        child.kill('SIGKILL');
    }
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function main() {
    prepare();
    for (const size of Object.keys(PARTS)) {
        const rounds = { prism: [], tombstone: [] };
        for (let round = 0; round < ROUNDS; round += 1) {
            for (const name of Object.keys(SERVERS)) {
                if (process.env.ONLY && process.env.ONLY !== name) continue;
                rounds[name].push(await measure(name, size));
            }
        }
        const megabytes = readFileSync(join(work, `${size}.json`)).length / 1e6;
        console.log(`\n${size}: ${PARTS[size] * 5} operations, ${megabytes.toFixed(2)} MB, medians of ${ROUNDS} rounds`);
        const measures = Object.keys((rounds.prism[0] ?? rounds.tombstone[0]));
        for (const what of measures) {
            const of = (name) => (rounds[name].length ? median(rounds[name].map((round) => round[what])) : NaN);
            const [prism, ours] = [of('prism'), of('tombstone')];
            const ratio = what.endsWith('/s') ? ours / prism : prism / ours;
            console.log(`  ${what.padEnd(36)} prism ${prism.toFixed(1).padStart(9)}   tombstone ${ours.toFixed(1).padStart(9)}   ${ratio.toFixed(1)} times better`);
        }
    }
}

await main();
