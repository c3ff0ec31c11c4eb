<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors

declare(strict_types=1);

namespace HaWeb\EAccelerator;

/**
 * HMAC-SHA256 with the nodes' common secret. The purpose is part of what is signed: a form's token is no request, and
 * no result.
 */
final class Signature
{
    /** Seconds that the clocks of two nodes may differ. */
    public const CLOCK = 30;

    public static function of(string $secret, string $purpose, array $fields): string
    {
        ksort($fields, SORT_STRING);
        return hash_hmac('sha256', "$purpose\n" . http_build_query($fields, '', '&', PHP_QUERY_RFC3986), $secret);
    }

    /** The fields of a request to another node. */
    public static function request(string $secret, string $node, string $action, array $parameters, int $now): array
    {
        $fields = ['time' => (string) $now, 'node' => $node, 'action' => $action] + array_map('strval', $parameters);
        return $fields + ['signature' => self::of($secret, 'request', $fields)];
    }

    /** @return string nothing when the request is genuine, or why it is refused */
    public static function refusal(string $secret, string $node, array $fields, int $now): string
    {
        if ($secret === '') {
            return 'There is no secret on this node.';
        }
        if (array_filter($fields, 'is_string') !== $fields) {
            return 'The signature is wrong.';
        }
        $signature = $fields['signature'] ?? '';
        unset($fields['signature']);
        // The rest is told only to who knows the secret.
        if (!hash_equals(self::of($secret, 'request', $fields), $signature)) {
            return 'The signature is wrong.';
        }
        if (($fields['node'] ?? '') !== $node) {
            return "This is the node $node.";
        }
        if (abs((int) ($fields['time'] ?? 0) - $now) > self::CLOCK) {
            return 'The clocks differ by more than ' . self::CLOCK . ' seconds.';
        }
        return '';
    }

    /** Text that only we can have made, for one user and a time: a form's token, a result in a redirect. */
    public static function seal(string $secret, string $purpose, string $user, string $text, int $now): string
    {
        $code = self::of($secret, $purpose, ['user' => $user, 'text' => $text, 'time' => (string) $now]);
        return $now . '.' . $code . '.' . rtrim(strtr(base64_encode($text), '+/', '-_'), '=');
    }

    /** @return string|null the text, or null when it is not ours, of another user or too old */
    public static function unseal(
        string $secret,
        string $purpose,
        string $user,
        string $sealed,
        int $lifetime,
        int $now
    ): ?string {
        if ($secret === '' || !preg_match('/^(\d{1,12})\.([0-9a-f]{64})\.([\w-]*)$/D', $sealed, $part)) {
            return null;
        }
        $text = (string) base64_decode(strtr($part[3], '-_', '+/'));
        $code = self::of($secret, $purpose, ['user' => $user, 'text' => $text, 'time' => $part[1]]);
        $age = $now - (int) $part[1];
        return hash_equals($code, $part[2]) && $age >= 0 && $age <= $lifetime ? $text : null;
    }
}
