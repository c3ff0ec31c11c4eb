<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
// The part of the application that has a pool of its own: whose it is, and what was asked.
header('Content-Type: application/json');
// What another pool's user keeps to itself, read or run: the answer says whether it came through.
$script = '/var/www/secret/secret.php';
$found = isset($_GET['secret']) ? @include $script : null;
echo json_encode([
    'pool' => getenv('POOL') ?: '-',
    'user' => posix_getpwuid(posix_geteuid())['name'],
    'node' => gethostname(),
    'client' => $_SERVER['REMOTE_ADDR'],
    'request' => $_SERVER['HTTP_X_REQUEST_ID'] ?? '-',
    'path' => $_SERVER['REQUEST_URI'],
    'secret' => $found,
], JSON_UNESCAPED_SLASHES), "\n";
