<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
//
// What this PHP says of eAccelerator, as JSON. It runs from PHP 5.1 on, which has no json_encode().

function ha_web_json($value)
{
    if (is_array($value)) {
        $list = array_keys($value) === array_keys(array_values($value));
        $parts = array();
        foreach ($value as $name => $part) {
            $parts[] = ($list ? '' : ha_web_json((string) $name) . ':') . ha_web_json($part);
        }
        return $list ? '[' . implode(',', $parts) . ']' : '{' . implode(',', $parts) . '}';
    }
    if ($value === null) {
        return 'null';
    }
    if (is_bool($value)) {
        return $value ? 'true' : 'false';
    }
    if (is_int($value)) {
        return (string) $value;
    }
    // Plain text alone: what is neither that nor harmless in JSON becomes a question mark.
    return '"' . preg_replace('/[^\x20-\x7e]/', '?', addcslashes((string) $value, '"\\')) . '"';
}

// APCu names itself apc too, and caches no scripts.
$others = array();
foreach (array('Zend OPcache', 'Zend Optimizer+', 'XCache', 'Turck MMCache', 'apc') as $name) {
    if (extension_loaded($name) && !($name === 'apc' && extension_loaded('apcu'))) {
        $others[] = $name;
    }
}

// Where eAccelerator was built for another version of PHP, it is loaded but has no directives; without shared memory
// it tells null of itself. Without its functions only the first can be seen.
$enable = ini_get('eaccelerator.enable');
$info = function_exists('eaccelerator_info') ? eaccelerator_info() : false;

header('Content-Type: application/json');
echo ha_web_json(array(
    'php' => PHP_VERSION,
    'sapi' => php_sapi_name(),
    'pid' => getmypid(),
    'loaded' => extension_loaded('eaccelerator'),
    'version' => (string) phpversion('eaccelerator'),
    'active' => $enable !== false && $info !== null,
    'enable' => $enable,
    'info' => $info,
    'mark' => (string) get_cfg_var('ha_web.eaccelerator'),
    'others' => $others,
)), "\n";
