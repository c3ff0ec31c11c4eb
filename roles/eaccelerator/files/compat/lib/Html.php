<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors

declare(strict_types=1);

namespace HaWeb\EAccelerator;

/** Text and figures for the page. */
final class Html
{
    public static function text(string $text): string
    {
        return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE | ENT_HTML5, 'UTF-8');
    }

    /** A name from outside: what cannot be seen, or turns the writing round, is written out. */
    public static function name(string $name): string
    {
        $hidden = '/[\x00-\x1f\x7f\x{80}-\x{9f}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}\x{feff}]/u';
        return (string) preg_replace_callback($hidden, static function (array $found): string {
            return '\\x' . implode('\\x', str_split(bin2hex($found[0]), 2));
        }, self::text($name));
    }

    public static function number(int $number): string
    {
        return number_format($number, 0, '.', "\u{202f}");
    }

    public static function size(int $bytes): string
    {
        if ($bytes < 1 << 20) {
            return number_format($bytes / 1024, 1, '.', "\u{202f}") . "\u{a0}KiB";
        }
        return number_format($bytes / (1 << 20), 1, '.', "\u{202f}") . "\u{a0}MiB";
    }

    public static function share(int $part, int $whole): string
    {
        // 99.96 is not 100: a full figure means that nothing is missing.
        return $whole > 0 ? number_format(floor($part / $whole * 1000) / 10, 1) . "\u{a0}%" : '–';
    }

    public static function time(int $time): string
    {
        return $time > 0 ? gmdate('Y-m-d H:i:s', $time) . ' UTC' : 'never';
    }

    public static function ago(int $time, int $now): string
    {
        $seconds = max(0, $now - $time);
        foreach ([86400 => 'd', 3600 => 'h', 60 => 'min'] as $length => $unit) {
            if ($seconds >= $length) {
                return intdiv($seconds, $length) . "\u{a0}$unit ago";
            }
        }
        return "$seconds\u{a0}s ago";
    }
}
