<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
// What other web nodes, or the Graphic Monitor, ask of this one: its state, its scripts, and to clear its caches.

declare(strict_types=1);

namespace HaWeb\EAccelerator;

require __DIR__ . '/lib/autoload.php';

function answer(int $status, array $data): void
{
    $body = json_encode($data, JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES) . "\n";
    http_response_code($status);
    header('Content-Type: application/json');
    header('Content-Length: ' . strlen($body));
    header('Cache-Control: no-store');
    header('X-Content-Type-Options: nosniff');
    echo $body;
}

function act(array $configuration, bool $post, array $fields): void
{
    switch ($fields['action'] ?? '') {
        case 'state':
            answer(200, Cache::snapshot($configuration));
            return;
        case 'scripts':
            $asked = Input::listing($fields);
            answer(200, Listing::of(Cache::scripts(), ...array_values($asked)));
            return;
        case 'clear':
            if (!$post) {
                header('Allow: POST');
                answer(405, ['error' => 'Clearing needs POST.']);
                return;
            }
            $problem = Cache::clear();
            answer($problem === '' ? 200 : 503, $problem === '' ? ['cleared' => true] : ['error' => $problem]);
            return;
        default:
            answer(400, ['error' => 'There is no such action.']);
    }
}

$post = $_SERVER['REQUEST_METHOD'] === 'POST';
$fields = $post ? $_POST : $_GET;
try {
    $configuration = Configuration::load(__DIR__ . '/configuration.php');
    // Who else may ask than the control page of another node has a secret of its own, which nginx says.
    $secret = $_SERVER['HA_WEB_PEER_SECRET'] ?? $configuration['secret'];
    $refusal = Signature::refusal($secret, $configuration['node'], $fields, time());
    if ($refusal === '') {
        act($configuration, $post, $fields);
    } else {
        answer(403, ['error' => $refusal]);
    }
} catch (BadInput $error) {
    answer(400, ['error' => $error->getMessage()]);
} catch (\RuntimeException $error) {
    answer(503, ['error' => $error->getMessage()]);
}
