<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
// Holds a lock of the opcode cache's API for a moment, and says when.
header('Content-Type: application/json');
$got = eaccelerator_lock('keylock');
$began = microtime(true);
usleep(1000000);
$ended = microtime(true);
eaccelerator_unlock('keylock');
echo json_encode(['got' => $got, 'pid' => getmypid(), 'began' => $began, 'ended' => $ended]), "\n";
