<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
// Holds a lock on the shared storage for ?ms= milliseconds, and says when it got and left it.
const FOLDER = '/srv/ha-web/shared/locks';
header('Content-Type: text/plain');
if (!is_dir(FOLDER) && !@mkdir(FOLDER, 0755) && !is_dir(FOLDER) || !($file = @fopen(FOLDER . '/lock', 'c+'))) {
    http_response_code(503);
    exit("no storage\n");
}
$came = microtime(true);
if (!flock($file, LOCK_EX)) {
    http_response_code(503);
    exit("no lock\n");
}
$got = microtime(true);
usleep(1000 * min(10000, (int) ($_GET['ms'] ?? 0)));
$left = microtime(true);
flock($file, LOCK_UN);
echo 'node: ', gethostname(), "\n";
printf("came: %.6f\ngot: %.6f\nleft: %.6f\n", $came, $got, $left);
