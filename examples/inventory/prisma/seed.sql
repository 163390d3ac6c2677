INSERT INTO stock (sku, name, warehouse, quantity)
SELECT 'P-' || lpad(i::text, 5, '0'), 'Product ' || i, (ARRAY['north', 'south', 'harbour'])[1 + i % 3], 200
FROM generate_series(1, 2000) i;
ANALYZE;
