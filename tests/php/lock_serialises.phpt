--TEST--
Three lockers are never inside together
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
$log = tempnam(sys_get_temp_dir(), 'lockers');
for ($locker = 0; $locker < 3; $locker++) {
    if (pcntl_fork() === 0) {
        for ($turn = 0; $turn < 5; $turn++) {
            eaccelerator_lock('key');
            file_put_contents($log, sprintf("%.6f %d enter\n", microtime(true), $locker), FILE_APPEND);
            usleep(5000);
            file_put_contents($log, sprintf("%.6f %d leave\n", microtime(true), $locker), FILE_APPEND);
            eaccelerator_unlock('key');
            usleep(random_int(0, 2000));
        }
        exit;
    }
}
while (pcntl_wait($status) > 0);
$lines = array_map(static fn (string $line): array => explode(' ', $line), file($log, FILE_IGNORE_NEW_LINES));
unlink($log);
$overlaps = 0;
for ($i = 0; $i < count($lines); $i += 2) {
    [[$entered, $locker, $enter], [$left, $same, $leave]] = [$lines[$i], $lines[$i + 1]];
    $next = $lines[$i + 2][0] ?? $left;
    $overlaps += [$enter, $leave, $locker] !== ['enter', 'leave', $same] || $entered > $left || $left > $next;
}
echo count($lines), ' lines, ', count(array_unique(array_column($lines, 1))), " lockers, $overlaps overlaps\n";
--EXPECT--
30 lines, 3 lockers, 0 overlaps
