<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors

declare(strict_types=1);

namespace HaWeb\EAccelerator;

/** A snapshot in Prometheus' text format. */
final class Metrics
{
    public static function text(array $state): string
    {
        $text = self::metric('opcache_info', 'gauge', 'Versions, and what serves in place of eAccelerator.', [[
            ['php' => $state['php'], 'opcache' => $state['opcache'], 'provider' => $state['provider']],
            1,
        ]]);
        $restarts = self::by('reason', $state['restarts']);
        foreach (
            [
                ['enabled', 'gauge', 'Whether scripts are cached.', (int) $state['enabled']],
                ['cache_full', 'gauge', 'Whether new scripts find no room.', (int) $state['cache_full']],
                ['restart_pending', 'gauge', 'Whether the cache is about to be emptied.', (int) $state['restarting']],
                ['hits_total', 'counter', 'Scripts served from the cache since it was last empty.', $state['hits']],
                ['misses_total', 'counter', 'Scripts compiled since the cache was last empty.', $state['misses']],
                ['memory_bytes', 'gauge', 'Shared memory of the cache.', self::by('state', $state['memory'])],
                ['scripts', 'gauge', 'Cached scripts.', $state['scripts']],
                ['keys', 'gauge', 'Used places in the table of keys.', $state['keys']['used']],
                ['keys_limit', 'gauge', 'Places in the table of keys.', $state['keys']['max']],
                ['interned_strings', 'gauge', 'Interned strings.', $state['strings']['count']],
                ['interned_strings_bytes', 'gauge', 'Memory for interned strings.', self::by('state', [
                    'used' => $state['strings']['used'],
                    'free' => $state['strings']['free'],
                ])],
                ['restarts_total', 'counter', 'How often the cache was emptied.', $restarts],
                ['start_time_seconds', 'gauge', 'When the cache was created.', $state['started']],
                ['last_restart_time_seconds', 'gauge', 'When it was last emptied, 0 is never.', $state['restarted']],
            ] as [$name, $type, $help, $samples]
        ) {
            $text .= self::metric("opcache_$name", $type, $help, is_int($samples) ? [[[], $samples]] : $samples);
        }
        return $text . ($state['apcu'] === null ? '' : self::apcu($state['apcu']));
    }

    private static function apcu(array $apcu): string
    {
        return self::metric('apcu_info', 'gauge', 'The version.', [[['version' => $apcu['version']], 1]])
            . self::metric('apcu_memory_bytes', 'gauge', 'Shared memory for keys.', self::by('state', $apcu['memory']))
            . self::metric('apcu_entries', 'gauge', 'Keys.', [[[], $apcu['entries']]])
            . self::metric('apcu_hits_total', 'counter', 'Keys that were found.', [[[], $apcu['hits']]])
            . self::metric('apcu_misses_total', 'counter', 'Keys that were not found.', [[[], $apcu['misses']]])
            . self::metric('apcu_expunges_total', 'counter', 'How often memory ran out.', [[[], $apcu['expunges']]]);
    }

    /** @param list<array{0: array<string, string>, 1: int}> $samples */
    private static function metric(string $name, string $type, string $help, array $samples): string
    {
        $text = "# HELP ha_web_$name $help\n# TYPE ha_web_$name $type\n";
        foreach ($samples as [$labels, $value]) {
            $pairs = [];
            foreach ($labels as $label => $content) {
                $pairs[] = $label . '="' . strtr($content, ['\\' => '\\\\', '"' => '\\"', "\n" => '\\n']) . '"';
            }
            $text .= "ha_web_$name" . ($pairs === [] ? '' : '{' . implode(',', $pairs) . '}') . " $value\n";
        }
        return $text;
    }

    private static function by(string $label, array $values): array
    {
        $samples = [];
        foreach ($values as $content => $value) {
            $samples[] = [[$label => $content], $value];
        }
        return $samples;
    }
}
