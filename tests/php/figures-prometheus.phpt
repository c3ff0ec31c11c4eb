--TEST--
Figures in Prometheus' text format
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
declare(strict_types=1);

namespace HaWeb\EAccelerator;

require __DIR__ . '/../../roles/eaccelerator/files/compat/lib/autoload.php';

$status = [
    'opcache_enabled' => true,
    'cache_full' => true,
    'memory_usage' => ['used_memory' => 10, 'free_memory' => 20, 'wasted_memory' => 3],
    'interned_strings_usage' => ['number_of_strings' => 4, 'used_memory' => 5, 'free_memory' => 6],
    'opcache_statistics' => ['hits' => 7, 'misses' => 8, 'num_cached_scripts' => 9, 'num_cached_keys' => 11,
        'max_cached_keys' => 12, 'oom_restarts' => 1, 'hash_restarts' => 2, 'manual_restarts' => 3,
        'start_time' => 13, 'last_restart_time' => 14],
];
$state = ['php' => '8.2', 'opcache' => "a\"b\\c\nd", 'provider' => 'compat'] + Snapshot::opcache($status);
echo Metrics::text($state + ['apcu' => null]);
$counts = ['num_entries' => 1, 'num_hits' => 2.0];
$apcu = Snapshot::apcu('5.1', $counts, ['num_seg' => 1, 'seg_size' => 50, 'avail_mem' => 30.0]);
echo strstr(Metrics::text($state + ['apcu' => $apcu]), '# HELP ha_web_apcu');
?>
--EXPECT--
# HELP ha_web_opcache_info Versions, and what serves in place of eAccelerator.
# TYPE ha_web_opcache_info gauge
ha_web_opcache_info{php="8.2",opcache="a\"b\\c\nd",provider="compat"} 1
# HELP ha_web_opcache_enabled Whether scripts are cached.
# TYPE ha_web_opcache_enabled gauge
ha_web_opcache_enabled 1
# HELP ha_web_opcache_cache_full Whether new scripts find no room.
# TYPE ha_web_opcache_cache_full gauge
ha_web_opcache_cache_full 1
# HELP ha_web_opcache_restart_pending Whether the cache is about to be emptied.
# TYPE ha_web_opcache_restart_pending gauge
ha_web_opcache_restart_pending 0
# HELP ha_web_opcache_hits_total Scripts served from the cache since it was last empty.
# TYPE ha_web_opcache_hits_total counter
ha_web_opcache_hits_total 7
# HELP ha_web_opcache_misses_total Scripts compiled since the cache was last empty.
# TYPE ha_web_opcache_misses_total counter
ha_web_opcache_misses_total 8
# HELP ha_web_opcache_memory_bytes Shared memory of the cache.
# TYPE ha_web_opcache_memory_bytes gauge
ha_web_opcache_memory_bytes{state="used"} 10
ha_web_opcache_memory_bytes{state="free"} 20
ha_web_opcache_memory_bytes{state="wasted"} 3
# HELP ha_web_opcache_scripts Cached scripts.
# TYPE ha_web_opcache_scripts gauge
ha_web_opcache_scripts 9
# HELP ha_web_opcache_keys Used places in the table of keys.
# TYPE ha_web_opcache_keys gauge
ha_web_opcache_keys 11
# HELP ha_web_opcache_keys_limit Places in the table of keys.
# TYPE ha_web_opcache_keys_limit gauge
ha_web_opcache_keys_limit 12
# HELP ha_web_opcache_interned_strings Interned strings.
# TYPE ha_web_opcache_interned_strings gauge
ha_web_opcache_interned_strings 4
# HELP ha_web_opcache_interned_strings_bytes Memory for interned strings.
# TYPE ha_web_opcache_interned_strings_bytes gauge
ha_web_opcache_interned_strings_bytes{state="used"} 5
ha_web_opcache_interned_strings_bytes{state="free"} 6
# HELP ha_web_opcache_restarts_total How often the cache was emptied.
# TYPE ha_web_opcache_restarts_total counter
ha_web_opcache_restarts_total{reason="out_of_memory"} 1
ha_web_opcache_restarts_total{reason="hash_overflow"} 2
ha_web_opcache_restarts_total{reason="manual"} 3
# HELP ha_web_opcache_start_time_seconds When the cache was created.
# TYPE ha_web_opcache_start_time_seconds gauge
ha_web_opcache_start_time_seconds 13
# HELP ha_web_opcache_last_restart_time_seconds When it was last emptied, 0 is never.
# TYPE ha_web_opcache_last_restart_time_seconds gauge
ha_web_opcache_last_restart_time_seconds 14
# HELP ha_web_apcu_info The version.
# TYPE ha_web_apcu_info gauge
ha_web_apcu_info{version="5.1"} 1
# HELP ha_web_apcu_memory_bytes Shared memory for keys.
# TYPE ha_web_apcu_memory_bytes gauge
ha_web_apcu_memory_bytes{state="used"} 20
ha_web_apcu_memory_bytes{state="free"} 30
# HELP ha_web_apcu_entries Keys.
# TYPE ha_web_apcu_entries gauge
ha_web_apcu_entries 1
# HELP ha_web_apcu_hits_total Keys that were found.
# TYPE ha_web_apcu_hits_total counter
ha_web_apcu_hits_total 2
# HELP ha_web_apcu_misses_total Keys that were not found.
# TYPE ha_web_apcu_misses_total counter
ha_web_apcu_misses_total 0
# HELP ha_web_apcu_expunges_total How often memory ran out.
# TYPE ha_web_apcu_expunges_total counter
ha_web_apcu_expunges_total 0
