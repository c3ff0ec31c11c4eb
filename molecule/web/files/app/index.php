<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
// The scenario's example application: who served whom, and what the session remembers. ?ms= makes it slow.
header('Content-Type: text/plain');
$began = microtime(true);
$session = @session_start();
$_SESSION['count'] = ($_SESSION['count'] ?? 0) + 1;
usleep(1000 * min(10000, (int) ($_GET['ms'] ?? 0)));
$session = @session_write_close() && $session;
echo 'node: ', gethostname(), "\n";
echo 'client: ', $_SERVER['REMOTE_ADDR'], "\n";
echo 'sapi: ', PHP_SAPI, "\n";
echo 'pool: ', getenv('POOL') ?: '-', "\n";
echo 'user: ', posix_getpwuid(posix_geteuid())['name'], "\n";
echo 'request: ', $_SERVER['HTTP_X_REQUEST_ID'] ?? '-', "\n";
echo 'scheme: ', empty($_SERVER['HTTPS']) ? 'http' : 'https', "\n";
// A path may hold a password, but not one of files.
$handler = ini_get('session.save_handler');
echo 'store: ', $handler === 'files' ? ini_get('session.save_path') : $handler, "\n";
echo 'session: ', $session ? 'kept' : 'lost', "\n";
echo 'count: ', $_SESSION['count'], "\n";
printf("seconds: %.3f\n", microtime(true) - $began);
