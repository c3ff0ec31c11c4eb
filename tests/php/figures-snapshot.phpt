--TEST--
What another node tells is brought into shape, or is none
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
declare(strict_types=1);

namespace HaWeb\EAccelerator;

require __DIR__ . '/../../roles/eaccelerator/files/compat/lib/autoload.php';

var_dump(Snapshot::read([]));
$state = Snapshot::read(['node' => ['a'], 'php' => 8, 'enabled' => 'yes', 'hits' => -1, 'memory' => 'x',
    'keys' => ['used' => 2.5],
    'directives' => ['a', ['name' => 'b', 'value' => 1, 'becomes' => []]], 'more' => 1, 'apcu' => 1]);
echo json_encode($state, JSON_PRETTY_PRINT), "\n";
$own = ['node' => 'web1', 'php' => '8.2', 'time' => 1] + Snapshot::opcache([])
    + ['apcu' => Snapshot::apcu('5', [], [])];
$read = Snapshot::read(json_decode(json_encode($own), true));
echo array_intersect_key($read, $own) == $own ? 'nothing is lost' : 'lost', "\n";
?>
--EXPECT--
NULL
{
    "time": 0,
    "pid": 0,
    "hits": 0,
    "misses": 0,
    "scripts": 0,
    "started": 0,
    "restarted": 0,
    "node": "",
    "provider": "",
    "php": "",
    "opcache": "",
    "reason": "",
    "enabled": false,
    "cache_full": false,
    "restarting": false,
    "keys": {
        "used": 0,
        "max": 0
    },
    "memory": {
        "used": 0,
        "free": 0,
        "wasted": 0
    },
    "strings": {
        "count": 0,
        "used": 0,
        "free": 0
    },
    "restarts": {
        "out_of_memory": 0,
        "hash_overflow": 0,
        "manual": 0
    },
    "apcu": null,
    "directives": [
        {
            "name": "",
            "value": "",
            "becomes": ""
        },
        {
            "name": "b",
            "value": "1",
            "becomes": ""
        }
    ]
}
nothing is lost
