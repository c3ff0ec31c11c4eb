<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
// The control page: all web nodes, one of them in detail, and clearing.

declare(strict_types=1);

namespace HaWeb\EAccelerator;

require __DIR__ . '/lib/autoload.php';

/** The names of all web nodes, this one among them. */
function nodes(array $configuration): array
{
    return array_map('strval', array_keys($configuration['peers'] + [$configuration['node'] => '']));
}

/**
 * Asks all nodes for their state and one of them for its scripts, together.
 *
 * @return array{0: array<string, array{0: ?array, 1: string}>, 1: array{0: ?array, 1: string}}
 */
function survey(array $configuration, string $chosen, array $listing): array
{
    $own = $configuration['node'];
    $requests = [];
    foreach (array_diff(nodes($configuration), [$own]) as $node) {
        $requests["state $node"] = request($configuration, $node, 'state');
    }
    if ($chosen !== $own) {
        $requests['scripts'] = request($configuration, $chosen, 'scripts', $listing);
    }
    $answers = Peers::ask($requests);
    $answers["state $own"] = [Cache::snapshot($configuration), ''];
    if ($chosen === $own) {
        $answers['scripts'] = [Listing::of(Cache::scripts(), ...array_values($listing)), ''];
    }
    $states = [];
    foreach (nodes($configuration) as $node) {
        [$told, $reason] = $answers["state $node"];
        $state = $told === null ? null : Snapshot::read($told);
        if ($state !== null && $state['node'] !== $node) {
            $state = null;
        }
        $states[$node] = [$state, $reason ?: 'It answers something else than its state'];
    }
    [$told, $reason] = $answers['scripts'];
    return [$states, [$told === null ? null : Listing::read($told), $reason ?: 'It answers something else']];
}

/** @return array{0: string, 1: array<string, string>} */
function request(array $configuration, string $node, string $action, array $parameters = []): array
{
    return [
        $configuration['peers'][$node],
        Signature::request($configuration['secret'], $node, $action, $parameters, time()),
    ];
}

/** @return array<string, string> per node nothing, or why it was not cleared */
function clear(array $configuration, array $nodes): array
{
    $own = $configuration['node'];
    $requests = [];
    foreach (array_diff($nodes, [$own]) as $node) {
        $requests[$node] = request($configuration, $node, 'clear');
    }
    $answers = Peers::ask($requests);
    $results = [];
    foreach ($nodes as $node) {
        if ($node === $own) {
            $results[$node] = Cache::clear();
        } else {
            [$told, $reason] = $answers[$node];
            $done = ($told['cleared'] ?? false) === true;
            $results[$node] = $done ? '' : ($reason ?: 'It does not say that it is done');
        }
    }
    return $results;
}

function chosen(array $configuration, array $source): string
{
    $node = Input::text($source, 'node', $configuration['node']);
    if (!in_array($node, nodes($configuration), true)) {
        throw new BadInput('There is no web node of this name.');
    }
    return $node;
}

/** Browsers say where a form was sent from; the token holds where they do not. */
function fromHere(array $server): bool
{
    $origin = $server['HTTP_ORIGIN'] ?? null;
    $host = $server['HTTP_HOST'] ?? '';
    return ($server['HTTP_SEC_FETCH_SITE'] ?? 'same-origin') === 'same-origin'
        && ($origin === null || in_array($origin, ["http://$host", "https://$host"], true));
}

function refuse(int $status, string $what): void
{
    http_response_code($status);
    echo Page::refusal($what);
}

function show(array $configuration, string $user): void
{
    $chosen = chosen($configuration, $_GET);
    $listing = Input::listing($_GET);
    $done = Input::text($_GET, 'done', '', 8000);
    [$states, $scripts] = survey($configuration, $chosen, $listing);
    $secret = $configuration['secret'];
    // A result is shown only while it is news.
    $done = json_decode((string) Signature::unseal($secret, 'result', $user, $done, 60, time()), true);
    echo (new Page(
        $configuration['node'],
        $user,
        Signature::seal($secret, 'form', $user, '', time()),
        time()
    ))->show($states, $chosen, $listing, $scripts, is_array($done) ? $done : []);
}

function post(array $configuration, string $user): void
{
    $secret = $configuration['secret'];
    $token = Input::text($_POST, 'token');
    if (!fromHere($_SERVER)) {
        refuse(403, 'This form was not sent from this page.');
        return;
    }
    if (Signature::unseal($secret, 'form', $user, $token, 3600, time()) === null) {
        refuse(403, 'The form is older than an hour, or not from this page. Open the page anew.');
        return;
    }
    $node = chosen($configuration, $_POST);
    $all = Input::choice($_POST, 'what', ['node', 'all']) === 'all';
    if (Input::text($_POST, 'sure') !== '1') {
        throw new BadInput('Nothing was cleared: tick the box to say that you are sure.');
    }
    $results = clear($configuration, $all ? nodes($configuration) : [$node]);
    foreach ($results as $name => $problem) {
        // To the error log of PHP: who did what.
        $what = $problem === '' ? 'cleared' : "not cleared: $problem";
        error_log(addcslashes("ha-web eaccelerator: $user: $name $what", "\0..\37"));
    }
    $done = (string) json_encode($results, JSON_INVALID_UTF8_SUBSTITUTE);
    $done = Signature::seal($secret, 'result', $user, $done, time());
    header('Location: ?' . http_build_query(['node' => $node, 'done' => $done], '', '&'), true, 303);
}

header('Content-Type: text/html; charset=utf-8');
header("Content-Security-Policy: default-src 'none'; style-src 'self'; form-action 'self'; "
    . "frame-ancestors 'none'; base-uri 'none'");
header('X-Content-Type-Options: nosniff');
// Not no-referrer: with it browsers send "Origin: null" along with our own forms.
header('Referrer-Policy: same-origin');
header('Cache-Control: no-store');
$method = $_SERVER['REQUEST_METHOD'];
$user = (string) ($_SERVER['REMOTE_USER'] ?? '');
try {
    $configuration = Configuration::load(__DIR__ . '/configuration.php');
    if (!in_array($method, ['GET', 'HEAD', 'POST'], true)) {
        header('Allow: GET, HEAD, POST');
        refuse(405, 'This page knows GET, HEAD and POST.');
    } elseif ($user === '') {
        refuse(403, 'This page is shown after a login only.');
    } elseif ($configuration['secret'] === '') {
        refuse(403, 'No control page is declared for this node.');
    } elseif ($method === 'POST') {
        post($configuration, $user);
    } else {
        show($configuration, $user);
    }
} catch (BadInput $error) {
    refuse(400, $error->getMessage());
} catch (\RuntimeException $error) {
    refuse(503, $error->getMessage());
}
