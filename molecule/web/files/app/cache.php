<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
// Who answers, from which worker, and what the opcode cache lets an application see.
header('Content-Type: application/json');
$ignored = @opcache_get_status(false);
$refusal = error_get_last()['message'] ?? '';
echo json_encode([
    'node' => gethostname(),
    'pid' => getmypid(),
    'before' => defined('LOADED_BEFORE'),
    'api' => function_exists('eaccelerator_put'),
    'extension' => extension_loaded('eaccelerator'),
    'status' => $ignored,
    'refusal' => $refusal,
    'uncached' => require __DIR__ . '/uncached/value.php',
]), "\n";
