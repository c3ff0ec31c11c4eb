<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors

declare(strict_types=1);

namespace HaWeb\EAccelerator;

/** The state of a node's caches as a plain array, the same here and from another node. */
final class Snapshot
{
    /** Of what opcache_get_status(false) gives. */
    public static function opcache(array $status): array
    {
        $memory = $status['memory_usage'] ?? [];
        $counts = $status['opcache_statistics'] ?? [];
        $strings = $status['interned_strings_usage'] ?? [];
        return [
            'enabled' => (bool) ($status['opcache_enabled'] ?? false),
            'cache_full' => (bool) ($status['cache_full'] ?? false),
            'restarting' => ($status['restart_pending'] ?? false) || ($status['restart_in_progress'] ?? false),
            'hits' => $counts['hits'] ?? 0,
            'misses' => $counts['misses'] ?? 0,
            'scripts' => $counts['num_cached_scripts'] ?? 0,
            'keys' => ['used' => $counts['num_cached_keys'] ?? 0, 'max' => $counts['max_cached_keys'] ?? 0],
            'memory' => [
                'used' => $memory['used_memory'] ?? 0,
                'free' => $memory['free_memory'] ?? 0,
                'wasted' => $memory['wasted_memory'] ?? 0,
            ],
            'strings' => [
                'count' => $strings['number_of_strings'] ?? 0,
                'used' => $strings['used_memory'] ?? 0,
                'free' => $strings['free_memory'] ?? 0,
            ],
            'restarts' => [
                'out_of_memory' => $counts['oom_restarts'] ?? 0,
                'hash_overflow' => $counts['hash_restarts'] ?? 0,
                'manual' => $counts['manual_restarts'] ?? 0,
            ],
            'started' => $counts['start_time'] ?? 0,
            'restarted' => $counts['last_restart_time'] ?? 0,
        ];
    }

    /** Of what apcu_cache_info(true) and apcu_sma_info(true) give. */
    public static function apcu(string $version, array $cache, array $memory): array
    {
        $size = (int) (($memory['num_seg'] ?? 0) * ($memory['seg_size'] ?? 0));
        $free = (int) ($memory['avail_mem'] ?? 0);
        return [
            'version' => $version,
            'memory' => ['used' => max(0, $size - $free), 'free' => $free],
            'entries' => (int) ($cache['num_entries'] ?? 0),
            'hits' => (int) ($cache['num_hits'] ?? 0),
            'misses' => (int) ($cache['num_misses'] ?? 0),
            'expunges' => (int) ($cache['expunges'] ?? 0),
        ];
    }

    /** A snapshot as another node told it, every figure in its place, or null where it is none. */
    public static function read(array $told): ?array
    {
        if (!isset($told['node'], $told['php'], $told['enabled'])) {
            return null;
        }
        $state = self::integers($told, ['time', 'pid', 'hits', 'misses', 'scripts', 'started', 'restarted']);
        foreach (['node', 'provider', 'php', 'opcache', 'reason'] as $name) {
            $state[$name] = is_string($told[$name] ?? null) ? $told[$name] : '';
        }
        foreach (['enabled', 'cache_full', 'restarting'] as $name) {
            $state[$name] = ($told[$name] ?? false) === true;
        }
        $state['keys'] = self::integers($told['keys'] ?? null, ['used', 'max']);
        $state['memory'] = self::integers($told['memory'] ?? null, ['used', 'free', 'wasted']);
        $state['strings'] = self::integers($told['strings'] ?? null, ['count', 'used', 'free']);
        $state['restarts'] = self::integers($told['restarts'] ?? null, ['out_of_memory', 'hash_overflow', 'manual']);
        $apcu = is_array($told['apcu'] ?? null) ? $told['apcu'] : null;
        $state['apcu'] = $apcu === null ? null : [
            'version' => is_string($apcu['version'] ?? null) ? $apcu['version'] : '',
            'memory' => self::integers($apcu['memory'] ?? null, ['used', 'free']),
        ] + self::integers($apcu, ['entries', 'hits', 'misses', 'expunges']);
        $state['directives'] = [];
        foreach (is_array($told['directives'] ?? null) ? $told['directives'] : [] as $directive) {
            $row = [];
            foreach (['name', 'value', 'becomes'] as $name) {
                $value = is_array($directive) ? $directive[$name] ?? '' : '';
                $row[$name] = is_scalar($value) ? (string) $value : '';
            }
            $state['directives'][] = $row;
        }
        return $state;
    }

    /**
     * @param mixed $source
     * @param list<string> $names
     * @return array<string, int>
     */
    public static function integers($source, array $names): array
    {
        $found = [];
        foreach ($names as $name) {
            $value = is_array($source) ? $source[$name] ?? 0 : 0;
            $found[$name] = is_int($value) ? max(0, $value) : 0;
        }
        return $found;
    }
}
