<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
// The figures of this node, for Prometheus; with ?format=json as a snapshot.

declare(strict_types=1);

namespace HaWeb\EAccelerator;

require __DIR__ . '/lib/autoload.php';

header('Cache-Control: no-store');
header('X-Content-Type-Options: nosniff');
$json = ($_GET['format'] ?? '') === 'json';
header('Content-Type: ' . ($json ? 'application/json' : 'text/plain; version=0.0.4; charset=utf-8'));
try {
    $state = Cache::snapshot(Configuration::load(__DIR__ . '/configuration.php'));
} catch (\RuntimeException $error) {
    $state = ['enabled' => false, 'reason' => $error->getMessage()];
}
if (!$state['enabled']) {
    // A scrape must fail: figures of nothing would look like a quiet node.
    http_response_code(503);
}
if ($json) {
    echo json_encode($state, JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES), "\n";
} else {
    echo $state['enabled'] ? Metrics::text($state) : "# {$state['reason']}\n";
}
