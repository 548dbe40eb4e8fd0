// Shows our own OpenAPI description with the vendored Swagger UI; nothing is asked of any other server.
// @ts-check
// @ts-ignore SwaggerUIBundle comes from the vendored script
SwaggerUIBundle({ url: "/api/openapi.json", dom_id: "#api", validatorUrl: null, deepLinking: false, defaultModelsExpandDepth: 0 });
