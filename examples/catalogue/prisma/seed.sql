-- 2,000 products. The words repeat in different periods, so neighbours differ.
INSERT INTO country (name) SELECT unnest(ARRAY['Denmark', 'Germany', 'Italy', 'Japan', 'Portugal', 'Sweden', 'Vietnam']);
INSERT INTO department (name) SELECT unnest(ARRAY['Kitchen', 'Garden', 'Office', 'Outdoor']);
INSERT INTO supplier (name) SELECT 'Supplier ' || i FROM generate_series(1, 40) i;
INSERT INTO tax_class (name, percent) VALUES ('standard', 19), ('reduced', 7);
INSERT INTO brand (name, country_id) SELECT 'Brand ' || i, 1 + i % 7 FROM generate_series(1, 60) i;
INSERT INTO category (slug, name, department_id)
SELECT lower(name), name, 1 + (n - 1)::int / 4
FROM unnest(ARRAY[
  'Pans', 'Knives', 'Bowls', 'Kettles', 'Spades', 'Hoses', 'Pots', 'Seeds',
  'Chairs', 'Lamps', 'Desks', 'Pens', 'Tents', 'Stoves', 'Ropes', 'Packs'
]) WITH ORDINALITY AS words (name, n);
INSERT INTO product (sku, name, description, brand_id, category_id, supplier_id, tax_class_id)
SELECT
  'P-' || lpad(i::text, 5, '0'),
  (ARRAY['Light', 'Sturdy', 'Folding', 'Small', 'Large', 'Classic', 'Quiet'])[1 + i % 7] || ' '
    || (ARRAY['steel', 'oak', 'copper', 'linen', 'ceramic'])[1 + i % 5] || ' ' || c.name,
  'Made to be repaired. Spare parts for ' || 5 + i % 20 || ' years.',
  1 + i % 60, c.id, 1 + i % 40, 1 + i % 2
FROM generate_series(1, 2000) i JOIN category c ON c.id = 1 + i % 16;
INSERT INTO price (product_id, region, currency, amount)
SELECT p.id, r.region, r.currency, round((5 + p.id % 400 * 0.95) * r.rate, 2)
FROM product p, (VALUES ('eu', 'EUR', 1.0), ('uk', 'GBP', 0.87), ('us', 'USD', 1.08)) AS r (region, currency, rate);
INSERT INTO image (product_id, position, url)
SELECT p.id, n, '/images/' || p.sku || '-' || n || '.webp' FROM product p, generate_series(1, 3) n;
INSERT INTO specification (product_id, name, value)
SELECT p.id, s.name, s.value FROM product p, LATERAL (VALUES
  ('weight', 100 + p.id % 90 * 50 || ' g'),
  ('material', (ARRAY['steel', 'oak', 'copper', 'linen', 'ceramic'])[1 + p.id % 5]),
  ('warranty', 2 + p.id % 9 || ' years')
) AS s (name, value);
INSERT INTO product_views (product_id) SELECT id FROM product;
ANALYZE;
