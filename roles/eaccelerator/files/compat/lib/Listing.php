<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors

declare(strict_types=1);

namespace HaWeb\EAccelerator;

/** Cached scripts: searched, sorted, one page of them. */
final class Listing
{
    public const PER_PAGE = 50;
    public const COLUMNS = ['hits', 'path', 'memory', 'used'];

    /** What is asked for first comes first: names from a, figures from the highest. */
    public static function orders(string $sort): array
    {
        return $sort === 'path' ? ['asc', 'desc'] : ['desc', 'asc'];
    }

    /**
     * @param array $scripts as opcache_get_status() gives them
     * @return array{rows: list<array>, total: int, page: int, pages: int}
     */
    public static function of(array $scripts, string $q, string $sort, string $order, int $page): array
    {
        $rows = [];
        foreach ($scripts as $path => $script) {
            $path = (string) ($script['full_path'] ?? $path);
            if ($q === '' || stripos($path, $q) !== false) {
                $rows[] = [
                    'path' => $path,
                    'hits' => (int) ($script['hits'] ?? 0),
                    'memory' => (int) ($script['memory_consumption'] ?? 0),
                    'used' => (int) ($script['last_used_timestamp'] ?? 0),
                ];
            }
        }
        $sign = $order === 'desc' ? -1 : 1;
        usort($rows, static function (array $a, array $b) use ($sort, $sign): int {
            $by = $sort === 'path' ? strcmp($a['path'], $b['path']) : $a[$sort] <=> $b[$sort];
            return $by !== 0 ? $sign * $by : strcmp($a['path'], $b['path']);
        });
        $total = count($rows);
        $pages = max(1, (int) ceil($total / self::PER_PAGE));
        $page = max(1, min($page, $pages));
        $rows = array_slice($rows, ($page - 1) * self::PER_PAGE, self::PER_PAGE);
        return ['rows' => $rows, 'total' => $total, 'page' => $page, 'pages' => $pages];
    }

    /** A listing as another node told it, or null where it is none. */
    public static function read(array $told): ?array
    {
        if (!is_array($told['rows'] ?? null)) {
            return null;
        }
        $rows = [];
        foreach (array_slice($told['rows'], 0, self::PER_PAGE) as $row) {
            if (is_array($row) && is_string($row['path'] ?? null)) {
                $rows[] = ['path' => $row['path']] + Snapshot::integers($row, ['hits', 'memory', 'used']);
            }
        }
        return ['rows' => $rows] + Snapshot::integers($told, ['total', 'page', 'pages']);
    }
}
